/* Typing a text through the real page and gateway: the search over layouts, the list of what cannot be typed before the first
 * key, progress, Stop, and texts that are far too long. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, capture, labelled, launch, newPage, openConsole, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, page;
before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard', layout: 'de' } });
  await gateway.start();
  page = await newPage(browser, { viewport: { width: 1280, height: 800 }, permissions: [] });
  await setUp(page, gateway);
  await openConsole(page, gateway, 'card');
  await capture(page);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await gateway?.destroy();
});

const rest = (/** @type {string} */ method, /** @type {string} */ path) =>
  page.evaluate(async ([how, where]) => (await fetch(`/api/v1/targets/card/${where}`, { method: how })).json().catch(() => null), [method, path]);
const text = () => labelled(page, 'Text');
const layout = () => page.getByRole('combobox', { name: 'Keyboard layout of the target' });
const opened = async () => {
  await button(page, 'Type text').click();
  await until(async () => /German/.test(await layout().inputValue()), 'the layout of the target is chosen');
};
const closed = async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

test('what cannot be typed is listed before the first key, and left out when one says so', async () => {
  await opened();
  await text().fill('äöü é\n😀‮x😀');
  await page.getByText('no key for 3 characters').waitFor();
  assert.equal(await page.locator('.missing-list li').count(), 2);
  await page.locator('.missing-list').getByText('mark that turns the direction of writing').waitFor();
  await page.locator('.missing-list').getByText('2 times, first in line 2, column 1').waitFor();
  assert.equal(await button(page, 'Type without these').isDisabled(), true);
  assert.equal((await rest('GET', 'type')).state, 'idle');
  await checkView(page, 'paste-missing-1280-light');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkView(page, 'paste-missing-360-dark');
  await page.setViewportSize({ width: 3840, height: 2160 });
  await checkView(page, 'paste-missing-3840-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await labelled(page, 'Leave them out').check();
  await button(page, 'Type without these').click();
  await page.getByText(/All typed/).waitFor();
  assert.equal(await text().inputValue(), '');
  assert.equal((await rest('GET', 'type')).characters, 7);
  await closed();
});

test('a layout is found by its name, and remembered for the target', async () => {
  await opened();
  await layout().click();
  assert.ok((await page.getByRole('option').count()) > 400);
  await layout().fill('intl dead');
  await page.getByRole('option', { name: /English \(US, intl\., with dead keys\)/ }).waitFor();
  await checkView(page, 'paste-layouts-1280-light');
  await page.keyboard.press('Enter');
  assert.match(await layout().inputValue(), /us\(intl\)/);
  await closed();
  await button(page, 'Type text').click();
  await until(async () => /us\(intl\)/.test(await layout().inputValue()), 'the layout is remembered');
  await layout().fill('russian');
  await page.keyboard.press('Enter');
  await page.getByText('has no Latin letters').waitFor();
  await text().fill('ls');
  await page.getByText('no key for 2 characters').waitFor();
  await layout().fill('de');
  await page.keyboard.press('Enter');
  await page.getByText('no key for').waitFor({ state: 'hidden' });
  await closed();
});

test('Stop and Escape end it; a second Escape closes', async () => {
  for (const way of ['Stop', 'Escape']) {
    await opened();
    await text().fill('the quick brown fox '.repeat(20));
    await button(page, 'Type it').click();
    await until(async () => (await rest('GET', 'type')).state === 'typing', 'it types');
    if (way === 'Stop') await checkView(page, 'paste-typing-1280-light');
    const begin = Date.now();
    if (way === 'Stop') await button(page, 'Stop').click();
    else await page.keyboard.press('Escape');
    await until(async () => (await rest('GET', 'type')).state === 'stopped', 'it has stopped');
    assert.ok(Date.now() - begin < 5000);
    await page.getByText(/Stopped; \d+ characters were not typed/).waitFor();
    assert.notEqual(await text().inputValue(), '');
    await closed();
  }
});

test('ten megabytes are refused at once, in words', async () => {
  await opened();
  await text().focus();
  const took = await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'x'.repeat(1e7));
    const begin = performance.now();
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    return performance.now() - begin;
  });
  await page.getByText(/These are 10 MB; at most 65 kB.*virtual drive/).waitFor();
  assert.equal(await text().inputValue(), '');
  assert.ok(took < 2000, `${took} ms`);
  await closed();
  assertQuiet(page);
});
