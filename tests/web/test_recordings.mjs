/* A screen is recorded: who views it is told, the film plays to its end and where one seeks, what is downloaded is what is
 * kept; single pictures too. Against the real gateway, which is killed in the middle of a recording as well. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, assertQuiet, button, inFirefox, labelled, launch, newPage, newUser, openConsole, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, anna, ben;

const recordings = async () => (await ask(anna, 'GET', '/recordings')).body?.recordings ?? [];
const files = () => gateway.path('state/recordings');

before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard' }, desk: { machine: 'testcard' } });
  await gateway.start();
  anna = await newPage(browser);
  await setUp(anna, gateway);
  ben = await newUser(browser, anna, gateway, 'ben', 'ReadOnly');
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const strip = (page) => page.locator('.record-strip');
const more = async (page, entry) => {
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: entry }).click();
};

test('everybody is told, from the begin to the end', async () => {
  await openConsole(anna, gateway, 'card');
  await openConsole(ben, gateway, 'card');
  assert.equal(await strip(ben).isVisible(), false);
  await more(anna, 'Record the screen …');
  await labelled(anna, 'Note').fill('The first');
  await checkView(anna, 'record-dialog');
  await button(anna, 'Record').click();
  for (const page of [anna, ben]) await strip(page).getByText('anna is recording').waitFor();
  await checkView(ben, 'console-recorded');
  const late = await newPage(browser, { storageState: await ben.context().storageState() });
  await openConsole(late, gateway, 'card');
  await strip(late).getByText('anna is recording').waitFor();
  await late.context().close();
  const { body } = await ask(ben, 'GET', '/targets/card');
  assert.equal(body.recording, true);
  assert.equal((await ask(ben, 'POST', '/targets/card/recording', { action: 'stop' })).status, 403);
  assert.equal((await ask(anna, 'POST', '/targets/card/recording', { action: 'start' })).body.error.code, 'recording-busy');
  await until(async () => (await recordings())[0].duration >= 7000 && (await recordings())[0].frames > 20, 'seven seconds are recorded');
  await button(anna, 'More').click();
  await anna.getByRole('menuitem', { name: /^Stop recording/ }).click();
  await ben.getByText('The recording has ended.').waitFor();
  for (const page of [anna, ben]) await until(async () => !(await strip(page).isVisible()), 'the mark goes');
  assert.equal((await ask(ben, 'GET', '/targets/card')).body.recording, false);
  await button(anna, 'Watch').click();
  await anna.getByRole('heading', { name: 'The first' }).waitFor();
});

test('it plays to its end, and where one seeks', async () => {
  const [{ duration, frames }] = await recordings();
  assert.ok(frames > 20, `${frames} pictures`);
  const video = anna.locator('video');
  await until(() => video.evaluate((v) => v.readyState >= 2), 'the film is there');
  assert.ok(Math.abs((await video.evaluate((v) => v.duration)) * 1000 - duration) < 100);
  assert.deepEqual(await video.evaluate((v) => [v.videoWidth, v.videoHeight]), [1280, 720]);
  await checkView(anna, 'recording');
  await labelled(anna, 'Speed').selectOption('8');
  await button(anna, 'Play').click();
  await until(() => video.evaluate((v) => v.ended), 'it has played to its end');
  assert.ok(Math.abs((await video.evaluate((v) => v.currentTime)) * 1000 - duration) < 300);
  const line = anna.getByRole('slider', { name: 'Time line' });
  await line.focus();
  await anna.keyboard.press('Home');
  await until(() => video.evaluate((v) => !v.seeking && v.currentTime === 0), 'Home leads to the begin');
  await anna.keyboard.press('ArrowRight');
  await until(() => video.evaluate((v) => !v.seeking && v.currentTime === 5), 'an arrow leads five seconds on');
  assert.match(await line.getAttribute('aria-valuetext'), /^0:05, at /);
  const box = await line.boundingBox();
  await anna.mouse.click(box.x + box.width / 4, box.y + box.height / 2);
  await until(() => video.evaluate((v) => !v.seeking && Math.abs(v.currentTime - v.duration / 4) < 0.1), 'a click leads there');
  const before = await video.evaluate((v) => v.currentTime);
  await button(anna, 'Next picture (.)').click();
  await until(() => video.evaluate((v, t) => !v.seeking && v.currentTime > t, before), 'the next picture');
});

test('what is downloaded is what is kept', async () => {
  const [{ id }] = await recordings();
  const got = anna.waitForEvent('download');
  await anna.getByRole('link', { name: 'Download' }).click();
  const download = await got;
  assert.match(download.suggestedFilename(), /^card-\d{8}-\d{6}\.webm$/);
  const kept = readFileSync(`${files()}/${id}/video.webm`);
  assert.ok(kept.equals(readFileSync(await download.path())));
  const part = await anna.evaluate(async (name) => {
    const response = await fetch(`/api/v1/recordings/${name}/video`, { headers: { Range: 'bytes=100-199' } });
    return { status: response.status, bytes: [...new Uint8Array(await response.arrayBuffer())] };
  }, id);
  assert.equal(part.status, 206);
  assert.deepEqual(part.bytes, [...kept.subarray(100, 200)]);
});

test('single pictures, and who may do what', async () => {
  assert.equal((await ask(anna, 'POST', '/targets/desk/recording', { action: 'start', kind: 'pictures', every: 1 })).status, 201);
  await until(async () => (await recordings())[0].frames >= 3, 'three pictures');
  const { body: ended } = await ask(anna, 'POST', '/targets/desk/recording', { action: 'stop' });
  await anna.goto(`${gateway.url}/#/recordings/${ended.id}`);
  await anna.getByText(/^1 of \d/).waitFor();
  await button(anna, 'Next picture (.)').click();
  await anna.getByText(/^2 of \d/).waitFor();
  await until(() => anna.locator('.strip-large').evaluate((image) => image.complete && image.naturalWidth === 1280), 'the picture is shown');
  await checkView(anna, 'recording-pictures');
  for (const method of ['DELETE', 'PATCH']) assert.equal((await ask(ben, method, `/recordings/${ended.id}`, method === 'PATCH' ? { note: 'x' } : undefined)).status, 403);
  assert.equal((await ask(ben, 'GET', `/recordings/${ended.id}`)).status, 200);
  assert.equal((await ask(anna, 'PATCH', `/recordings/${ended.id}`, { note: 'kept', pinned: true })).body.pinned, true);
});

test('a gateway that is killed leaves what it had', async () => {
  const { body: begun } = await ask(anna, 'POST', '/targets/card/recording', { action: 'start', note: 'cut' });
  await until(async () => (await recordings()).find(({ id }) => id === begun.id).frames > 20, 'it is under way');
  await gateway.kill('gateway');
  const cut = await until(async () => {
    const all = await recordings().catch(() => []);
    return all.find(({ id, running }) => id === begun.id && !running);
  }, 'the next gateway has finished it');
  assert.match(cut.ended, /ended unexpectedly/);
  assert.deepEqual(cut.end, { id: 'gateway-lost', args: [] });
  assert.ok(cut.frames > 10 && cut.duration > 500);
  await anna.goto(`${gateway.url}/#/recordings/${begun.id}`);
  const video = anna.locator('video');
  await until(() => video.evaluate((v) => v.readyState >= 2 && Number.isFinite(v.duration)), 'it plays');
  const speak = async (language) => {
    await anna.evaluate((name) => localStorage.setItem('lightsout.language', name), language);
    await anna.reload();
  };
  await speak('de');
  await anna.getByText('Das Gateway endete unerwartet; was es aufgezeichnet hatte, ist hier.').waitFor();
  await anna.goto(`${gateway.url}/#/recordings`);
  await anna.locator('.recording-ended').getByText('Das Gateway endete unerwartet').waitFor();
  await speak('en');
});

test('the list, and a deletion that asks', async () => {
  await anna.goto(`${gateway.url}/#/recordings`);
  await until(async () => (await anna.locator('.recordings > li').count()) === 3, 'three of them');
  await checkView(anna, 'recordings');
  await anna.getByLabel('Target', { exact: true }).selectOption('card');
  await until(async () => (await anna.locator('.recordings > li').count()) === 2, 'two are of card');
  await anna.getByRole('button', { name: /^Delete the recording of card/ }).first().click();
  await anna.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await until(async () => (await anna.locator('.recordings > li').count()) === 1, 'it is gone');
  await until(() => readdirSync(files()).length === 2, 'its files are gone');
  const lines = (await ask(anna, 'GET', '/audit?limit=200')).body.lines.map(({ what }) => what);
  for (const what of ['recording-start', 'recording-stop', 'recording-play', 'recording-download', 'recording-delete', 'recording-change']) assert.ok(lines.includes(what), what);
});

test('nothing was wrong with the pages', () => {
  if (!inFirefox) for (const page of [anna, ben]) assertQuiet(page);
});
