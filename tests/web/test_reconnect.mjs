/* The console comes back by itself: after a killed gateway without a new login, after a network that went away. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, canvasHash, capture, inFirefox, launch, newPage, openConsole, setUp, shot } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let gateway, browser, page;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
  await openConsole(page, gateway, 'card');
  await capture(page);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** Counts what the session paints from now on. */
const watchPaints = () =>
  page.evaluate(() => {
    const screen = document.querySelector('console-screen');
    const report = screen.report;
    const seen = (window.seen = { lost: 0, painted: 0 });
    screen.report = (message) => {
      if (message.type === 'connection' && message.state.state !== 'open') seen.lost ||= performance.now();
      if (message.type === 'painted' && seen.lost) seen.painted ||= performance.now();
      report(message);
    };
  });

test('after kill -9 of the gateway the picture moves again, without a login', async () => {
  await watchPaints();
  const killed = await gateway.kill('gateway');
  const { lost, painted } = await until(() => page.evaluate(() => window.seen.painted && window.seen), 'it paints again');
  console.log(`# painting again ${Math.round(painted - lost)} ms after the loss`); // promised are 3 s, where there is nothing else to do
  assert.notEqual(gateway.pid('gateway'), killed);
  await page.getByText('Your keys go to the target').waitFor();
});

const oneIsEnough = inFirefox && 'the back-off takes its time, and no browser has a part in it';
test('five kills in a row are survived', { skip: oneIsEnough }, async () => {
  for (let n = 0; n < 5; n++) {
    await watchPaints();
    await gateway.kill('gateway');
    await until(() => page.evaluate(() => window.seen.painted), `it paints again after kill ${n + 2}`);
  }
});

test('while the gateway is stopped the page says so, and comes back when it starts', async () => {
  await gateway.stop();
  await page.getByRole('heading', { name: 'Reconnecting' }).waitFor();
  await shot(page, 'reconnecting');
  await gateway.start();
  await until(async () => !(await page.locator('.cover').isVisible()), 'the cover is gone');
  await until(async () => (await canvasHash(page))?.width === 1280, 'the picture is there');
});

test('a hidden page gets no updates, and the newest picture when it is shown again', async () => {
  const hide = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  const count = () => page.evaluate(() => window.updates);
  await page.evaluate(() => {
    const screen = document.querySelector('console-screen');
    const report = screen.report;
    window.updates = 0;
    screen.report = (message) => {
      window.updates += message.type === 'painted' ? 1 : 0;
      report(message);
    };
  });
  await until(async () => (await count()) > 5, 'updates flow');
  await hide(true);
  let last = -1;
  await until(async () => {
    const now = await count();
    const still = now === last;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return still;
  }, 'updates have ceased');
  await hide(false);
  await until(async () => (await count()) > last, 'updates flow again');
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
