/* What no design expects: answers of a gateway that are none, a line that goes in the middle of a dialog, screens of one
 * pixel and of 4096 x 2160, and thirty tabs at once. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rest, lightsout } from '../vm/target/client.mjs';
import { TYPE, Viewer } from '../vm/target/console.mjs';
import { body, op } from './bodies.mjs';
import { button, canvasHash, coloursAt, complaints, labelled, launch, newPage, openConsole } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { FakeSettings } from './fake_settings.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const EVERYTHING = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit', 'library', 'users'];
let gateway, browser, page, connection;
/** What goes wrong now. @type {{path: string, act: (response: any) => void}|null} */
let broken = null;

/** Every wait of the page for an answer is short while `hurry` is set. */
const HURRY = '{ const timeout = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (ms) => timeout(globalThis.hurry ? 300 : ms); }';
const typed = [];

before(async () => {
  gateway = await FakeGateway.create();
  const macros = { macros: [{ name: 'hold', title: 'Hold on', times: 1, shortcut: '', steps: 1 }], running: null, last: null };
  gateway.answers = {
    ...gateway.answers, ...new FakeSettings().answers, 'GET /api/v1/session': sessionWith(EVERYTHING), 'GET /api/v1/targets/pc/macros': macros,
    'GET /api/v1/recordings': { recordings: [] }, 'GET /api/v1/layouts': { layouts: [{ name: 'us', title: 'English (US)', kind: 'ansi', latin: true }] },
    'POST /api/v1/targets/pc/type': ({ text, check }) => (check || typed.push(text), { layout: 'us', characters: text.length, strokes: text.length, missing_count: 0, missing: [], more_missing: false }),
    'GET /api/v1/targets/pc/type': { state: 'done', characters: 3, remaining: 0, per_second: 100, slowed: false, echo: { result: 'unknown', seen: 0, lost: 0 } },
    'GET /api/v1/system': { clock: { synchronised: true, time: 0 } },
  };
  gateway.handlers.push(({ url }, response) => {
    if (!broken || !url.startsWith(`/api/v1/${broken.path}`)) return false;
    broken.act(response);
    return true;
  });
  browser = await launch();
  page = await newPage(browser);
  await page.addInitScript(HURRY);
  await openConsole(page, gateway, 'pc');
  connection = await gateway.connection(0);
  connection.mode(64, 32);
  await connection.acked(connection.update(body([op.solid([0, 0, 4, 2], [0, 90, 0])]), { exact: true }));
  connection.seats({ flags: ['mine', 'mayType'], holder: 1, name: 'anna' });
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

/** A status of 500 is logged by the browser itself. */
const quiet = () => assert.deepEqual(complaints(page).filter((line) => !/status of (500|404)/.test(line)), []);
const answers = (status, type, text) => (response) => response.writeHead(status, { 'Content-Type': type }).end(text);
const TOO_LATE = 'The gateway does not answer';
const NOT_A_GATEWAY = 'What answered is not what a gateway answers';
const WRONG = [
  ['500', answers(500, 'text/html', '<h1>Internal error</h1>'), 'The gateway refused this (status 500)'],
  ['a log-in page of the network', answers(200, 'text/html', '<!doctype html><title>Guest WiFi</title>'), NOT_A_GATEWAY],
  ['half of a JSON', answers(200, 'application/json', '{"targets": ['), NOT_A_GATEWAY],
  ['JSON of another', answers(200, 'application/json', '{"hello": "world"}'), NOT_A_GATEWAY],
  ['a number', answers(200, 'application/json', '42'), NOT_A_GATEWAY],
  ['nothing ever', () => {}, TOO_LATE],
];
const NO_PART = 'This part of the page could not be loaded';
/** view, what it asks for, how it is opened, and what shows that it is good. */
const VIEWS = [
  ['settings', 'config', () => page.goto(`${gateway.url}/#/settings/gateway`), () => page.locator('.key').first()],
  ['recordings', 'recordings', () => page.goto(`${gateway.url}/#/recordings`), () => page.getByText(/Nothing has been recorded/)],
  ['overview', 'targets', () => page.goto(`${gateway.url}/#/`), () => page.getByRole('link', { name: 'pc', exact: true })],
];
const hurry = (on) => page.evaluate((value) => (globalThis.hurry = value), on);

test('whatever answers in the gateway’s place is called that, and the next try is good', async () => {
  for (const [view, path, open, good] of VIEWS)
    for (const [what, act, words] of WRONG) {
      await page.goto(`${gateway.url}/#/settings/about`);
      await page.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
      await hurry(words === TOO_LATE); // else what is good may be too late as well
      broken = { path, act };
      await open();
      await page.getByText(words).first().waitFor().catch((error) => assert.fail(`${view}, ${what}: ${error.message}`));
      broken = null;
      await hurry(false);
      const again = button(page, 'Try again');
      if (await again.count()) await again.click();
      else await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // these ask by themselves
      await good().waitFor().catch((error) => assert.fail(`${view} after ${what}: ${error.message}`));
      quiet();
    }
});

async function backToConsole() {
  const known = gateway.consoles.length;
  await openConsole(page, gateway, 'pc');
  connection = await gateway.connection(known);
  connection.mode(64, 32);
  await connection.acked(connection.update(body([op.solid([0, 0, 4, 2], [0, 90, 0])]), { exact: true }));
  connection.seats({ flags: ['mine', 'mayType'], holder: 1, name: 'anna' });
}

test('a part of the page that is no longer there is said, and the page loaded anew', async () => {
  await page.goto('about:blank'); // what was loaded once is there for good
  await openConsole(page, gateway, 'pc');
  const gone = /\/(help_dialog|wall_view|about_section)\.js$/;
  const missing = ({ url }, response) => gone.test(url) && (response.writeHead(404).end(), true);
  gateway.handlers.push(missing);
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: 'Keyboard and mouse …' }).click();
  await page.locator('.notice').getByText(NO_PART).waitFor();
  for (const view of ['wall', 'settings/about']) {
    await page.goto(`${gateway.url}/#/${view}`);
    await page.locator('#app').getByText(NO_PART).first().waitFor();
  }
  gateway.handlers.splice(gateway.handlers.indexOf(missing), 1);
  await page.locator('.notice').getByRole('button', { name: 'Reload the page' }).click();
  await page.getByRole('heading', { name: 'About' }).waitFor();
});

test('macros and layouts that do not come are said, and tried again', async () => {
  await backToConsole();
  for (const [, act, words] of [WRONG[0], WRONG[1], WRONG[3]]) {
    broken = { path: 'targets/pc/macros', act };
    await button(page, 'Keys').click();
    await page.getByRole('menuitem', { name: 'Macros …' }).click();
    await page.locator('dialog').getByText(words).waitFor();
    broken = null;
    await button(page, 'Try again').click();
    await page.getByText('Hold on').waitFor();
    await page.keyboard.press('Escape');
    broken = { path: 'layouts', act };
    await button(page, 'Type text').click();
    await page.locator('dialog').getByText(words).waitFor();
    await labelled(page, 'Text').fill('abc');
    broken = null;
    await until(() => button(page, 'Type it').isEnabled(), 'the layouts are asked for again');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.reload();
    await backToConsole();
  }
  quiet();
});

test('a line that goes in the middle of a dialog loses nothing', async () => {
  const gone = { path: 'targets/pc/', act: (response) => response.destroy() };
  await button(page, 'Type text').click();
  await labelled(page, 'Text').fill('abc');
  await until(() => button(page, 'Type it').isEnabled(), 'it can be typed');
  broken = gone;
  await button(page, 'Type it').click();
  await page.locator('dialog').getByText('The gateway does not answer').waitFor();
  assert.equal(await labelled(page, 'Text').inputValue(), 'abc');
  broken = null;
  await button(page, 'Type it').click();
  await page.getByText(/All typed/).waitFor();
  assert.deepEqual(typed, ['abc']);
  await page.keyboard.press('Escape');

  await button(page, 'Keys').click();
  await page.getByRole('menuitem', { name: 'Macros …' }).click();
  await button(page, 'New macro').click();
  await labelled(page, 'Title').fill('Reset all');
  await button(page, 'Add step').click();
  await labelled(page, 'Text').or(page.locator('.step-fields input, .step-fields textarea')).first().fill('x');
  broken = gone;
  await button(page, 'Save').click();
  await page.locator('dialog').getByText('The gateway does not answer').waitFor();
  assert.equal(await labelled(page, 'Title').inputValue(), 'Reset all');
  broken = null;
  await page.keyboard.press('Escape'); // back to the list
  await page.getByText('Hold on').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.goto(`${gateway.url}/#/settings/gateway`);
  const key = page.locator('.key[data-key="audit-syslog"] input');
  await key.fill('logs.example.org:514');
  broken = { path: 'config', act: gone.act };
  await button(page, 'Save').click();
  await page.getByText('The gateway does not answer').first().waitFor();
  assert.equal(await key.inputValue(), 'logs.example.org:514');
  broken = null;
  await button(page, 'Discard').click();
  quiet();
});

/** In target pixels, what the page says of a pointer there. @param {number} x @param {number} y of the window */
const pointedAt = (x, y) => page.evaluate(([cx, cy]) => document.querySelector('console-screen').view.targetAt({ x: cx, y: cy }), [x, y]);

test('screens of one pixel and of 4096 x 2160 are seen, turned and pointed at', async () => {
  await backToConsole();
  for (const [width, height] of [[1, 1], [4096, 2160], [1, 2160], [4096, 1]]) {
    connection.mode(width, height);
    const cells = [0, 0, Math.ceil(width / 16), Math.ceil(height / 16)];
    await connection.acked(connection.update(body([op.solid(cells, [10, 120, 200])]), { exact: true }));
    assert.deepEqual(await coloursAt(page, [[0, 0], [width - 1, height - 1]]), ['0a78c8', '0a78c8']);
    assert.deepEqual((({ width: w, height: h, exact }) => [w, h, exact])(await canvasHash(page)), [width, height, true]);
    for (const mode of ['fit', 'fill', 'own'])
      for (const turn of [90, 90, 90, 90]) {
        await page.evaluate(([how, by]) => (document.querySelector('console-screen').view.setMode(how), document.querySelector('console-screen').view.rotate(by)), [mode, turn]);
        const wrong = await page.evaluate(([w, h]) => {
          const { view } = document.querySelector('console-screen');
          const { left, top, width: across, height: down } = view.placed;
          const room = view.room.getBoundingClientRect();
          const at = view.targetAt({ x: room.left + left + across / 2, y: room.top + top + down / 2 });
          const off = Math.max(Math.abs(at.x - w / 2), Math.abs(at.y - h / 2));
          return [across, down, left, top, at.x, at.y].every(Number.isFinite) && across > 0 && down > 0 && off <= 1 ? '' : JSON.stringify([view.placed, at]);
        }, [width, height]);
        assert.equal(wrong, '', `${width} x ${height}, ${mode}`);
      }
    await page.evaluate(() => [...Array(12)].forEach(() => document.querySelector('console-screen').view.step(1)));
    await page.evaluate(() => [...Array(24)].forEach(() => document.querySelector('console-screen').view.step(-1)));
    const { pixels } = await page.evaluate(async () => ({ pixels: (await document.querySelector('console-screen').readPixels()).pixels.length }));
    assert.equal(pixels, width * height * 4);
  }
  assert.ok(await pointedAt(0, 0));
  quiet();
});

/** Of all processes of a gateway, in MB. @param {number} pid */
function memory(pid) {
  const pages = (/** @type {number} */ one) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'latin1'))?.[1] ?? 0) / 1024;
  const children = (/** @type {number} */ one) => readFileSync(`/proc/${one}/task/${one}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);
  const all = (/** @type {number} */ one) => pages(one) + children(one).reduce((sum, child) => sum + all(child), 0);
  return Math.round(all(pid));
}

test('thirty tabs at one target and thirty on the overview; ten megabytes are refused in words', async (t) => {
  const real = await Gateway.create({ card: { machine: 'testcard' } });
  const viewers = [];
  try {
    await real.start();
    const rest = new Rest(real);
    await rest.setUp();
    const idle = memory(real.supervisor);
    for (let i = 0; i < 30; i++) viewers.push(await Viewer.open(rest, 'card'));
    await until(() => viewers.every((viewer) => viewer.messages.some(([type]) => type === 0x83)), 'all of them have a picture');
    const asks = await Promise.all([...Array(30)].flatMap(() => [rest.call('GET', '/targets'), rest.call('GET', '/targets/card/screenshot?width=320&format=jpeg')]));
    assert.ok(asks.every(({ status }) => [200, 429, 503].includes(status)), asks.map(({ status }) => status).join());
    for (const { status, body: said } of asks) if (status !== 200) assert.match(said.error.message, /\w+ .*\./);
    assert.equal((await rest.call('GET', '/targets/card')).body.viewers, 30);
    assert.ok(viewers.every((viewer) => !viewer.closed && !viewer.messages.some(([type]) => type === TYPE.END)));
    t.diagnostic(`memory of the gateway: ${idle} MB alone, ${memory(real.supervisor)} MB with 30 viewers`);

    // A browser that opens all its tabs again at once: who comes too early is told so, and the page asks again.
    const tickets = await Promise.all([...Array(30)].map(() => rest.call('POST', '/targets/card/ticket')));
    for (const { status, body: said } of tickets) if (status !== 200) assert.deepEqual([status, said.error.code], [429, 'too-many-tickets']);
    assert.ok(tickets.some(({ status }) => status === 200));

    const text = 'x'.repeat(1e7);
    const { code, err } = await lightsout(['--socket', real.path('state/run/control.sock'), 'type', 'card', '-'], { input: text });
    assert.notEqual(code, 0);
    assert.match(err, /longer than 65536 bytes/);
    t.diagnostic(`the command line: ${err.trim()}`);
    const answer = await rest.call('POST', '/targets/card/type', { text });
    assert.equal(answer.status, 413, JSON.stringify(answer.body));
    t.diagnostic(`REST: ${answer.body?.error?.message}`);
  } finally {
    for (const viewer of viewers) viewer.destroy();
    await real.stop();
    await real.destroy();
  }
});
