/* Who looks, by name: counted in the strip, listed, and disconnected by who may configure; and the figures that can be
 * pinned over the picture. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, logIn, newPage, openConsole, setUp, shot } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

/** @type {Gateway} */ let gateway;
let browser, page, other;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
  await openConsole(page, gateway, 'card');
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

test('who is alone is told so, and a second viewer is counted', async () => {
  await button(page, '1 viewer').waitFor();
  other = await newPage(browser);
  await other.goto(`${gateway.url}/#/targets/card`);
  await logIn(other);
  await button(page, '2 viewers').waitFor();
  await button(other, '2 viewers').waitFor();
});

test('the list names them, who types, and which one this page is', async () => {
  await button(page, '2 viewers').click();
  const rows = page.locator('.viewer-list li');
  await until(async () => (await rows.count()) === 2, 'both are listed');
  const says = (/** @type {number} */ row, /** @type {RegExp} */ words) => until(() => rows.nth(row).textContent().then((text) => words.test(text)), `row ${row} says ${words}`);
  await says(0, /^anna.*you · has the keyboard · since .*127\.0\.0\.1/);
  await says(1, /^anna.*since .*127\.0\.0\.1/);
  assert.equal(await rows.nth(0).getByRole('button').count(), 0, 'nobody disconnects herself here');
  await shot(page, 'viewers');
});

test('who is disconnected is told by whom, and does not come back by itself', async () => {
  await button(page, 'Disconnect anna').click();
  await other.getByRole('heading', { name: 'The console has ended' }).waitFor();
  await other.getByText('anna has disconnected you from this console.').waitFor();
  await until(async () => (await page.locator('.viewer-list li').count()) === 1, 'the list follows');
  await page.keyboard.press('Escape');
  await button(page, '1 viewer').waitFor();
  await other.close();
});

test('the figures are pinned over the picture, and stay so', async () => {
  await button(page, 'Figures').click();
  await labelled(page, 'Pin over the picture').check();
  assert.equal(await page.locator('.figures-panel').getAttribute('data-pinned'), 'true');
  await until(() => page.locator('.figures-panel .spark').getAttribute('aria-label').then((words) => /Data rate of the last \d+ seconds: now .*bit\/s/.test(words ?? '')), 'the line has words');
  await until(() => page.locator('.figures-panel').textContent().then((words) => /320|640|1280|1920/.test(words ?? '') && /This browser decodes/.test(words ?? '')), 'mode and codecs are told');
  await shot(page, 'figures-pinned');
  await page.reload();
  await until(() => page.locator('.figures-panel').isVisible(), 'it is there again');
  assert.equal(await page.locator('.figures-panel').getAttribute('data-pinned'), 'true');
  await labelled(page, 'Pin over the picture').uncheck();
});

test('nothing went wrong on the page', () => assertQuiet(page));
