/* Thirty consoles opened and left one after the other in one page, by all ways of leaving: nothing of them stays. Workers,
 * connections, timers, listeners and elements are as many afterwards as after the first ones. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, inFirefox, launch, newPage, openConsole } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { until } from './until.mjs';

const CONSOLES = 30;
const FIRST = 6;
const LATE_MS = 100;
let browser, gateway;

before(async () => {
  gateway = await FakeGateway.create();
  gateway.answers['GET /api/v1/session'] = sessionWith(['view', 'input', 'media', 'power', 'configure']);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

/** Runs before the page: counts what goes on for ever when nobody ends it. */
function count() {
  const running = new Set();
  const urls = new Set();
  const [begin, end] = [window.setInterval, window.clearInterval];
  window.setInterval = (...values) => {
    const id = begin(...values);
    running.add(id);
    return id;
  };
  window.clearInterval = (id) => void (running.delete(id), end(id));
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (what) => {
    const url = create(what);
    urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => void (urls.delete(url), revoke(url));
  window.kept = () => ({ intervals: running.size, urls: urls.size });
}

/** An arrow of 8 x 8 pixels, another one each time. @param {number} n */
function cursor(n) {
  const message = Buffer.alloc(10 + 8 * 8 * 4, 100 + n);
  message[0] = 0x85;
  message[1] = 1;
  [0, 0, 8, 8].forEach((value, i) => message.writeUInt16LE(value, 2 + 2 * i));
  return message;
}

/** Opens a console that shows a picture, does what leaves traces, and leaves it. @param {any} page @param {number} n */
async function visit(page, n) {
  const known = gateway.consoles.length;
  await openConsole(page, gateway, 'pc');
  const connection = await gateway.connection(known);
  connection.mode(64, 32);
  connection.seats({ flags: ['mayType', 'idle'], holder: 9, idleSeconds: 20, name: 'bert' });
  connection.socket.send(cursor(n));
  await until(() => page.evaluate(() => document.querySelector('console-screen')?.hasPicture), 'there is a picture');
  if (n % 3 === 0) connection.seats({ flags: ['mine', 'mayType'], askers: [{ number: 1, name: 'bert' }] });
  if (n % 3 === 0) for (const _ of ['opened', 'closed']) await pressed(page);
  if (n % 3 === 1) {
    const asked = page.waitForRequest('**/targets/pc');
    connection.changed();
    await asked; // answered when nobody is there any more
  }
  if (n % 3 === 1) await page.getByRole('link', { name: 'All targets' }).click();
  else await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await until(() => !connection.open, 'the connection ends');
}

/** The keyboard on the screen is opened, or closed. @param {any} page */
async function pressed(page) {
  await button(page, 'Keys').click();
  await page.getByRole('menuitem', { name: 'On-screen keyboard' }).or(page.getByRole('menuitemcheckbox', { name: 'On-screen keyboard' })).click();
}

/** @param {any} page @param {any} devtools */
async function kept(page, devtools) {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = (name) => metrics.find((one) => one.name === name).value;
  return { ...(await page.evaluate(() => window.kept())), nodes: of('Nodes'), listeners: of('JSEventListeners') };
}

test('thirty consoles in one page leave nothing behind', { skip: inFirefox }, async () => {
  const page = await newPage(browser);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await page.addInitScript(count);
  await page.route('**/targets/pc', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    await route.continue().catch(() => {});
  });
  for (let n = 0; n < FIRST; n++) await visit(page, n);
  const before = await kept(page, devtools);
  for (let n = FIRST; n < CONSOLES; n++) await visit(page, n);
  await until(() => page.workers().length === 0, 'no worker is left');
  let now = before;
  const more = (/** @type {string} */ what) => now[what] - before[what];
  const asBefore = async () => {
    now = await kept(page, devtools);
    return !more('intervals') && !more('urls') && ['nodes', 'listeners'].every((what) => more(what) < CONSOLES - FIRST);
  };
  await until(asBefore, `as much is kept as before: ${JSON.stringify(before)}`);
  assertQuiet(page);
});

test('a console that is left before it has begun does not begin, without a worker either', async () => {
  const page = await newPage(browser);
  await page.addInitScript('delete HTMLCanvasElement.prototype.transferControlToOffscreen');
  let load = () => {};
  const late = new Promise((resolve) => (load = () => resolve(null)));
  await page.route('**/*.wasm', async (route) => (await late, route.continue()));
  const asked = page.waitForRequest('**/*.wasm');
  await openConsole(page, gateway, 'pc');
  await asked;
  const tickets = [];
  page.on('request', (request) => request.url().endsWith('/ticket') && tickets.push(request.url()));
  const known = gateway.consoles.length;
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  const loaded = page.waitForResponse('**/*.wasm');
  load();
  await (await loaded).finished();
  await openConsole(page, gateway, 'pc'); // it takes as long to begin as the other one would
  await gateway.connection(known);
  assert.equal(tickets.length, 1);
  await page.context().close();
});
