/* Every view and dialog in Firefox: each opens, closes, is no wider than its window, and axe-core finds nothing in light and
 * dark; a film plays, and text is typed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, launch, newPage, setUp } from './browser.mjs';
import { faults } from './check_view.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { consoleStates, openPicture, pageStates, recordShortly, wordsOf } from './states.mjs';
import { until } from './until.mjs';

const t = wordsOf('en');
let gateway, browser, page, film;

before(async () => {
  [browser, gateway] = [await launch(), await Gateway.create({ card: { machine: 'testcard' }, another: { machine: 'testcard' } })];
  await gateway.start();
  page = await newPage(browser);
  await setUp(page, gateway);
  film = await recordShortly(page, 'card');
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

async function walk(states) {
  const wrong = [];
  for (const { name, open, close } of states) {
    await open(page);
    wrong.push(...(await faults(page, name)));
    await page.emulateMedia({ colorScheme: 'dark' });
    wrong.push(...(await faults(page, `${name}, dark`, { runOnly: ['color-contrast'] })));
    await page.emulateMedia({ colorScheme: 'light' });
    await close?.(page);
  }
  assert.deepEqual(wrong, []);
}

test('the overview, the wall, recordings and settings', async () => {
  await walk(pageStates(t, gateway, { film, user: CREDENTIALS.user }));
});

test('a recording plays to its end', async () => {
  await page.goto(`${gateway.url}/#/recordings/${film}`);
  await button(page, 'Play').click();
  await until(() => page.evaluate(() => document.querySelector('video')?.ended), 'the film has ended');
  const size = await page.evaluate(() => [document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]);
  assert.deepEqual(size, [1280, 720]);
});

test('the console with its menus, panels and dialogs', async () => {
  await openPicture(page, gateway, 'card');
  await walk(consoleStates(t));
});

test('text is typed from the dialog, and what the layout lacks is named', async () => {
  await button(page, t('paste.tool')).click();
  await page.locator('dialog textarea').fill('uname -a €');
  await page.getByText(t('paste.missing', { count: 1 })).waitFor();
  await page.locator('dialog textarea').fill('uname -a');
  await button(page, t('paste.start')).click();
  await page.getByText('All typed').waitFor();
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
