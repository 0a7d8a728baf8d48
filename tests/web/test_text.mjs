/* Text and pieces of a real machine's screen, chosen over the picture: exactly what stands there, on the clipboard. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, inFirefox, launch, newPage, openConsole, setUp, shot } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

/** @type {Gateway} */ let gateway;
let browser, page;

before(async () => {
  gateway = await Gateway.create({});
  gateway.targets.pc = { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', lifetime: 'supervisor' };
  gateway.targets.card = { machine: 'testcard' };
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
  if (!inFirefox) await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: gateway.url });
  await openConsole(page, gateway, 'pc');
  await button(page, 'Power on').click();
  await until(async () => (await screenText()).lines?.some((line) => line.includes('No bootable device.')), 'the firmware finds nothing to boot', 180000);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** As REST tells it. */
const screenText = (query = '') => page.evaluate((more) => fetch(`/api/v1/targets/pc/screen-text?${more}`).then((answer) => answer.json()), query);
const field = () => page.locator('.region-text');
const clipboard = () => (inFirefox ? page.inWindow(() => navigator.clipboard.readText()) : page.evaluate(() => navigator.clipboard.readText()));

async function openSelection(entry = 'Choose text or part of the picture …') {
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
  await page.locator('.region-layer').waitFor();
}

/** Where a target pixel is on the page. */
const place = (x, y) => page.evaluate((at) => document.querySelector('console-screen').view.clientAt(at), { x, y });

async function drag(from, to) {
  const [a, b] = [await place(...from), await place(...to)];
  await page.mouse.move(a.x, a.y);
  await page.mouse.down();
  await page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2);
  await page.mouse.move(b.x, b.y);
  await page.mouse.up();
}

test('all text of the screen is copied, exactly', async () => {
  await openSelection('Copy all text');
  await until(() => field().inputValue().then((text) => text.includes('No bootable device.')), 'the text is there');
  const { lines, exact, font, method } = await screenText();
  assert.equal(exact, true);
  assert.equal(method, 'fonts');
  assert.match(font, /^VGA 9x16$/);
  assert.equal(await field().inputValue(), lines.join('\n').trimEnd());
  await page.getByText('Exact: every character is one of the font VGA 9x16.').waitFor();
  assert.equal(await clipboard(), lines.join('\n').trimEnd());
  await shot(page, 'text-all');
  await page.keyboard.press('Escape');
});

test('a part that is dragged over keeps to whole characters', async () => {
  const { lines, cell } = await screenText();
  const row = lines.findIndex((line) => line.includes('No bootable device.'));
  const column = lines[row].indexOf('bootable');
  await openSelection();
  await until(() => page.evaluate(() => document.activeElement.classList.contains('region-layer')), 'the keys are the selection’s');
  await page.waitForLoadState('networkidle');
  await drag([cell.x + column * cell.width + 2, row * cell.height + 3], [cell.x + (column + 'bootable'.length) * cell.width - 3, row * cell.height + 9]);
  await until(() => field().inputValue().then((text) => text === 'bootable'), 'the word is there');
  await shot(page, 'text-part');
  await page.locator('.region-layer').focus();
  await page.keyboard.press('Escape');
  await until(() => page.locator('.region-layer').isHidden(), 'the selection is gone');
});

test('the keys choose as well', async () => {
  const { lines } = await screenText();
  await openSelection();
  await page.waitForLoadState('networkidle');
  await page.keyboard.press('ArrowRight'); // shows where it stands
  for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await until(() => field().inputValue().then((text) => text === lines[0].slice(0, 7).trimEnd()), 'the first seven characters are there');
  await page.keyboard.press('Control+a');
  await until(() => field().inputValue().then((text) => text.includes('No bootable device.')), 'all of it is there');
  await page.keyboard.press('Escape');
});

test('the language is one that the gateway recognises, and stays chosen', { skip: inFirefox && 'no answer can be put in' }, async () => {
  const { recognise } = await page.evaluate(() => fetch('/api/v1/system').then((answer) => answer.json()));
  assert.ok(Array.isArray(recognise), 'the gateway tells its languages');
  await page.route('**/api/v1/system', (route) => route.fulfill({ json: { clock: { synchronised: true, time: Date.now() }, recognise: ['chi_sim', 'deu', 'eng'] } }));
  const anew = async () => {
    await page.reload();
    await page.locator('console-screen canvas').waitFor();
    await until(() => page.evaluate(() => document.querySelector('console-screen').hasPicture), 'there is a picture');
  };
  const asked = (language) => page.waitForRequest((request) => new URL(request.url()).searchParams.get('recognise') === language);
  const choice = page.getByLabel('Language of recognised text');
  await anew();
  await Promise.all([asked('eng'), openSelection('Copy all text')]);
  assert.deepEqual(await choice.locator('option').allTextContents(), ['Simplified Chinese', 'German', 'English']);
  await Promise.all([asked('deu'), choice.selectOption('deu')]);
  await shot(page, 'text-language');
  await anew();
  await Promise.all([asked('deu'), openSelection('Copy all text')]);
  assert.equal(await choice.inputValue(), 'deu');
  await page.unroute('**/api/v1/system');
  await page.evaluate(() => localStorage.removeItem('lightsout.text-language'));
});

test('a screenshot is put on the clipboard, and saved with the time in it', async () => {
  await page.bringToFront();
  await button(page, 'More').click();
  await page.getByRole('menuitemcheckbox', { name: 'Screenshots show the time', exact: true }).click();
  await page.locator('h1').click(); // away from the picture
  await page.keyboard.press('Alt+Shift+KeyP');
  await page.getByText('The picture is on the clipboard.').waitFor();
  if (inFirefox) return; // without a screen it keeps no pictures
  const size = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bitmap = await createImageBitmap(await item.getType('image/png'));
    return [bitmap.width, bitmap.height];
  });
  assert.deepEqual(size, [720, 400]);
});

test('the pointer is what was chosen for this target, and stays so', async () => {
  await button(page, 'More').click();
  await page.getByRole('menuitemradio', { name: 'Arrow', exact: true }).click();
  const cursor = () => page.locator('.surface').evaluate((element) => element.style.cursor);
  await until(async () => (await cursor()) === 'default', 'it is chosen');
  await page.reload();
  await page.locator('console-screen canvas').waitFor();
  await until(async () => (await cursor()) === 'default', 'it is kept');
});

test('nothing went wrong on the page', () => assertQuiet(page));
