/* Browsers that lack what most have, or were told to give nothing: the page says so at most, and goes on. What is missing
 * is taken away before the page's own code runs; WASM without vectors is V8's own, as on processors before SSE4.1. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { body, op } from './bodies.mjs';
import { assertQuiet, button, canvasHash, coloursAt, complaints, inFirefox, labelled, launch, newPage, openConsole } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { until } from './until.mjs';

const EVERYTHING = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit', 'library', 'users'];
let gateway, browser;
const asked = [];

before(async () => {
  gateway = await FakeGateway.create();
  gateway.handlers.push(({ url }) => void asked.push(url));
  gateway.answers['GET /api/v1/session'] = sessionWith(EVERYTHING);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

const NO_WEBCODECS = 'for (const name of ["VideoDecoder", "ImageDecoder", "VideoFrame", "EncodedVideoChunk"]) delete globalThis[name];\n';

/** A console with a picture of four colours. @param {any} page @param {() => Promise<unknown>} [open] */
async function pictured(page, open = () => openConsole(page, gateway, 'pc')) {
  const known = gateway.consoles.length;
  await open();
  const connection = await gateway.connection(known);
  connection.mode(64, 32);
  const ops = [op.solid([0, 0, 2, 1], [200, 0, 0]), op.solid([2, 0, 2, 1], [0, 200, 0]), op.solid([0, 1, 2, 1], [0, 0, 200]), op.solid([2, 1, 2, 1], [90, 90, 90])];
  await connection.acked(connection.update(body(ops), { exact: true }));
  assert.deepEqual(await coloursAt(page, [[5, 5], [40, 5], [5, 20], [40, 20]]), ['c80000', '00c800', '0000c8', '5a5a5a']);
  assert.equal((await canvasHash(page)).exact, true);
  return connection;
}
const bits = (connection) => connection.hello.capabilities & 15;
const modules = () => asked.splice(0).filter((url) => url.endsWith('.wasm'));
const tab = async (prelude, options) => {
  const page = await newPage(browser, options);
  gateway.prelude = prelude;
  await page.addInitScript(prelude);
  return page;
};

test('without vectors in WASM the other build of the decoder shows the same', { skip: inFirefox }, async () => {
  const old = await launch(['--js-flags=--no-enable-sse4-1']);
  try {
    const page = await newPage(old);
    modules();
    const connection = await pictured(page);
    assert.deepEqual(modules(), ['/lightsout-plain.wasm']);
    assert.equal(bits(connection) & 1, 0, 'HELLO says that there are none');
    assert.ok(bits(connection) & 4, 'JPEG was decoded');
    assertQuiet(page);
  } finally {
    await old.close();
  }
});

test('without WebCodecs there are no video frames, but JPEG and everything else', async () => {
  const page = await tab(NO_WEBCODECS);
  modules();
  const connection = await pictured(page);
  assert.deepEqual(modules(), ['/lightsout.wasm']);
  assert.equal(bits(connection), 1 | 4, 'vectors and JPEG');
  assertQuiet(page);
  await page.context().close();
});

test('without OffscreenCanvas or workers the page itself does it', async () => {
  for (const gone of ['delete HTMLCanvasElement.prototype.transferControlToOffscreen; delete globalThis.OffscreenCanvas;', 'delete globalThis.Worker;']) {
    const page = await tab(NO_WEBCODECS + gone);
    const connection = await pictured(page);
    assert.ok(bits(connection) & 4, 'JPEG was decoded on an element');
    assert.deepEqual(complaints(page).filter((line) => !line.includes('willReadFrequently')), []); // it is the test that reads
    await page.context().close();
  }
});

const NOTHING_ALLOWED = `if (typeof document !== 'undefined') {
  for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, { get() { throw new DOMException('The operation is insecure.', 'SecurityError'); } });
  for (const name of ['clipboard', 'keyboard', 'locks', 'wakeLock', 'serviceWorker']) Object.defineProperty(Navigator.prototype, name, { value: undefined });
  for (const name of ['requestFullscreen', 'requestPointerLock']) delete Element.prototype[name];
  delete globalThis.ClipboardItem;
}`;

test('without storage, clipboard, keyboard lock, fullscreen and pointer lock it works and says what does not', async () => {
  const page = await tab(NOTHING_ALLOWED);
  const connection = await pictured(page);
  connection.seats({ flags: ['mine', 'mayType'], holder: 1, name: 'anna' });
  await button(page, 'Full screen').click();
  await page.locator('.notice, .toast', { hasText: /full screen/i }).first().waitFor();
  await page.locator('.surface').click();
  connection.socket.send(Buffer.from([0x8a, 0, 0, 0]));
  await page.evaluate(() => document.querySelector('console-screen').input.setAbsolute(false));
  await page.locator('.surface').click({ position: { x: 5, y: 5 } });
  await page.getByText('The browser did not hand the mouse over').waitFor();
  await page.keyboard.press('Control+Alt+Shift');
  await page.evaluate(() => document.activeElement?.blur());
  await page.goto(`${gateway.url}/#/settings/about`);
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await page.getByRole('searchbox').first().fill('p');
  await page.getByRole('button', { name: /anna/ }).click();
  await page.getByText('Dark', { exact: true }).first().click();
  await until(() => page.evaluate(() => document.documentElement.dataset.theme === 'dark'), 'it is dark');
  assertQuiet(page);
  await page.context().close();
});

test('where cookies are forbidden the login says so', async () => {
  const page = await tab(`if (typeof document !== 'undefined') Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false });`);
  gateway.answers['GET /api/v1/session'] = { status: 401, error: { code: 'not-logged-in', message: 'Log in first.' } };
  await page.goto(gateway.url);
  await page.getByText('This browser keeps no cookies for this page').waitFor();
  gateway.answers['GET /api/v1/session'] = sessionWith(EVERYTHING);
  assertQuiet(page);
  await page.context().close();
});

test('zoomed to 300 % everything is still in reach', async () => {
  const page = await tab('', { viewport: { width: 427, height: 267 }, deviceScaleFactor: 3 });
  await pictured(page);
  await checkView(page, 'zoom-300-console');
  const box = await page.locator('.surface').boundingBox();
  assert.ok(box.width >= 60 && box.height >= 30 && box.y + box.height <= 267, `the picture is at ${JSON.stringify(box)}`);
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await checkView(page, 'zoom-300-overview');
  await page.goto(`${gateway.url}/#/settings/about`);
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await checkView(page, 'zoom-300-settings');
  assertQuiet(page);
  await page.context().close();
});

const YEAR = 365 * 86400;
test('a clock that is years off spoils no span of time', async () => {
  const now = Math.floor(Date.now() / 1000);
  const plain = gateway.answers['GET /api/v1/targets'].targets[0];
  const event = () => ({ time: Math.floor(Date.now() / 1000) - 180, kind: 'power', text: 'Power on', tone: '' }); // before each answer
  gateway.answers['GET /api/v1/targets'] = () => ({ targets: [{ ...plain, last_event: event() }] });
  const token = { id: 1, name: 'ci', created: now - 60, expires: now + 86400, used: null, grants: [] };
  gateway.answers['GET /api/v1/account/tokens'] = gateway.answers['GET /api/v1/tokens'] = { tokens: [token] };
  for (const years of [-30, 40]) {
    const skew = `{ const Real = Date; globalThis.Date = class extends Real { constructor(...a) { a.length ? super(...a) : super(Real.now() + ${years * YEAR * 1000}); } static now() { return Real.now() + ${years * YEAR * 1000}; } }; }`;
    const page = await tab(skew);
    await pictured(page);
    await page.goto(`${gateway.url}/#/`);
    await page.getByText(/3 min\. ago: Power on/).waitFor();
    assertQuiet(page);
    await page.context().close();
  }
});
