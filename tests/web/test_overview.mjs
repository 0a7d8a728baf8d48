/* The overview and the wall with two hundred targets of a real gateway: few cards are there at a time, thumbnails are asked
 * for only where one looks, words, groups and keys find what one wants, and addresses lead there through a login. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, assertQuiet, button, launch, logIn, newPage, newUser, setUp, shot } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const COUNT = Number(process.env.LIGHTSOUT_TARGETS ?? 200);
const GROUPS = ['hall-1', 'hall-2', 'lab'];
let gateway, browser, page;

before(async () => {
  const targets = {};
  for (let i = 0; i < COUNT; i++) {
    const group = i % 8 < 3 ? { group: GROUPS[i % 8] } : {};
    targets[`pc-${String(i).padStart(3, '0')}`] = { machine: 'testcard', ...group, ...(i === 150 ? { title: 'Käthes Rechner' } : {}) };
  }
  gateway = await Gateway.create(targets);
  writeFileSync(gateway.path('empty.rec'), '');
  gateway.targets['pc-151'] = { machine: 'replay', recording: gateway.path('empty.rec') };
  gateway.targets['pc-152'] = { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', group: 'vm' };
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  page.asked = [];
  page.on('request', (request) => page.asked.push(request.url()));
  await setUp(page, gateway);
  await page.locator('target-card').first().waitFor();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const cards = () => page.locator('target-card');
const names = () => page.evaluate(() => [...document.querySelectorAll('target-card [data-card]')].map(({ textContent }) => textContent));
const search = () => page.getByRole('searchbox');

test('all are counted, those in sight are there, and thumbnails are asked for those alone', async () => {
  await page.getByText(`${COUNT} machines`).waitFor();
  await until(async () => page.asked.some((url) => /screenshot/.test(url)), 'a thumbnail is asked for');
  assert.ok((await cards().count()) < 40, `${await cards().count()} cards`);
  const asked = new Set(page.asked.filter((url) => /screenshot/.test(url)).map((url) => url.split('/')[6]));
  assert.ok(asked.size > 0 && asked.size < 30, `${asked.size} targets were asked for a picture`);
  await shot(page, 'overview');
});

test('scrolling brings the others, and takes away what is out of sight', async () => {
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await until(async () => (await names()).at(-1) === `pc-${COUNT - 1}`, 'the last one is there');
  assert.ok((await cards().count()) < 40);
  assert.ok(!(await names()).includes('pc-000'));
  await page.evaluate(() => window.scrollTo(0, 0));
  await until(async () => (await names()).includes('pc-000'), 'the first one is there again');
});

test('the slash leads to the search, which knows titles without their marks; nothing found offers a way back', async () => {
  await page.locator('h1').focus();
  await page.keyboard.press('/');
  await page.keyboard.type('kathe');
  await until(async () => (await names()).join() === 'Käthes Rechner', 'one is left');
  await page.getByText(`1 of ${COUNT} machines`).waitFor();
  await search().fill('nobody is called so');
  await page.getByText('Nothing fits').waitFor();
  await button(page, 'Show all').click();
  await page.getByText(`${COUNT} machines`).waitFor();
  assert.equal(await search().inputValue(), '');
});

test('groups have headings and can be chosen', async () => {
  assert.match(await page.locator('.grid-heading').first().textContent(), /^hall-1 /);
  await page.getByLabel('Group', { exact: true }).selectOption('lab');
  await until(async () => (await names())[0] === 'pc-002', 'the lab is shown');
  await page.getByLabel('Group', { exact: true }).selectOption('');
});

test('arrows lead through all cards, out of sight too, and Enter opens the console', async () => {
  await search().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await until(() => page.evaluate((last) => document.activeElement?.textContent === last, `pc-${COUNT - 1}`), 'the last card has the focus');
  const focused = (name) => until(() => page.evaluate((wanted) => document.activeElement?.textContent === wanted, name), `${name} has the focus`);
  await page.keyboard.press('Home');
  await focused('pc-000');
  await page.keyboard.press('ArrowRight');
  const name = 'pc-008'; // of the same group
  await focused(name);
  await page.keyboard.press('Enter');
  await page.locator('console-view').waitFor();
  assert.equal(new URL(page.url()).hash, `#/targets/${name}`);
  await page.goBack();
  await cards().first().waitFor();
});

test('lines show more at once, and that is kept for this tab', async () => {
  const before = await cards().count();
  await button(page, 'List').click();
  await until(async () => (await cards().count()) > before, 'more of them are in sight');
  await shot(page, 'overview-lines');
  await page.reload();
  await until(() => page.evaluate(() => document.querySelector('.grid.dense') !== null), 'they are lines still');
  await button(page, 'List').click();
});

test('the wall shows live screens of a group, turns its pages, and leads to a console by a number', async () => {
  await page.goto(`${gateway.url}/#/wall/4/hall-1`);
  const live = () => page.evaluate(() => [...document.querySelectorAll('wall-tile console-screen')].filter((screen) => screen.hasPicture).length);
  await until(async () => (await live()) === 4, 'four screens are live');
  assert.deepEqual(await page.locator('.wall-bar a').allTextContents(), ['pc-000', 'pc-008', 'pc-016', 'pc-024']);
  await shot(page, 'wall');
  await button(page, 'Next').click();
  await until(async () => (await page.locator('.wall-bar a').allTextContents())[0] === 'pc-032', 'the next page');
  const first = async () => (await page.locator('.wall-bar a').allTextContents())[0];
  const focused = (name) => until(() => page.evaluate((one) => document.activeElement?.textContent === one, name), `${name} has the focus`);
  await page.keyboard.press('PageUp'); // the keys work wherever the focus is
  await until(async () => (await first()) === 'pc-000', 'the page before');
  await page.keyboard.press('PageDown');
  await until(async () => (await first()) === 'pc-032', 'and the next one again');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('ArrowDown');
  await focused('pc-032');
  await page.keyboard.press('ArrowRight');
  await focused('pc-040');
  const group = page.getByLabel('Group', { exact: true });
  await group.focus();
  await page.keyboard.press('1'); // a choice by its first letter, no screen
  assert.match(new URL(page.url()).hash, /^#\/wall/);
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('3');
  await page.locator('console-view').waitFor();
  assert.equal(new URL(page.url()).hash, '#/targets/pc-048');
});

async function speak(language) {
  await page.evaluate((name) => localStorage.setItem('lightsout.language', name), language);
  await page.goto(`${gateway.url}/`);
  await page.reload();
}

test('what is wrong is said in the language of the page, and found by it', async () => {
  await speak('de');
  await search().fill('instabiles');
  await until(async () => (await names()).join() === 'pc-151', 'the one without a picture is found');
  await page.locator('target-card .card-health').getByText('Instabiles Videosignal.', { exact: true }).waitFor();
  const { health } = (await ask(page, 'GET', '/targets/pc-151')).body;
  assert.deepEqual([health.state, health.id, ...health.args], ['warn', 'signal-lost', 'no-lock', health.why]);
  await search().fill('');
  await speak('en');
});

test('what happened last is said in the language of the page, around a span of time too', async () => {
  const card = page.locator('target-card').filter({ has: page.getByText('pc-000', { exact: true }) });
  const last = card.locator('.card-last');
  const record = (action) => ask(page, 'POST', '/targets/pc-000/recording', { action });
  await speak('de');
  assert.equal((await record('start')).status, 201);
  await last.getByText(`${CREDENTIALS.user} zeichnet den Bildschirm auf.`).waitFor();
  await card.getByText('Aufzeichnung', { exact: true }).waitFor();
  assert.ok(await card.locator('h3').evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth), 'the name has its room');
  assert.equal((await record('stop')).status, 200);
  await last.getByText(new RegExp(`: Die Aufzeichnung von ${CREDENTIALS.user} endete nach \\d+ (s|min)\\.$`)).waitFor();
  await shot(page, 'overview-de');
  const [facts, event] = [await card.locator('.card-facts').boundingBox(), await last.boundingBox()];
  assert.ok(event.y >= facts.y + facts.height, 'lines stand apart');
  await speak('en');
  await last.getByText(new RegExp(`: The recording by ${CREDENTIALS.user} has ended after`)).waitFor();
});

test('power is a menu of each card, by keys too, for who may switch it; Tab finds that of one card', async () => {
  const power = (name, state) => page.getByRole('button', { name: `Power of ${name}: ${state}`, exact: true });
  await search().fill('pc-15');
  await page.getByText(`10 of ${COUNT} machines`).waitFor();
  await until(async () => (await page.locator('target-card :is([data-card], [data-act])[tabindex="0"]').count()) === 2, 'Tab leads to one card and its power');
  await page.getByRole('link', { name: 'pc-152', exact: true }).focus();
  await page.keyboard.press('Tab');
  assert.equal(await power('pc-152', 'Off').evaluate((button) => button === document.activeElement), true, 'its power is next');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemradio', { name: 'As the firmware decides', checked: true }).waitFor();
  await checkView(page, 'overview-power');
  assert.equal(await page.getByRole('menuitem', { name: 'Shut down (ACPI)' }).isDisabled(), true);
  await page.getByRole('menuitemradio', { name: 'Boot menu' }).click();
  await page.getByText('The next start, once: Boot menu.').waitFor();
  await power('pc-152', 'Off').press('ArrowDown');
  await page.getByRole('menuitemradio', { name: 'Boot menu', checked: true }).waitFor();
  await page.keyboard.press('Enter'); // the first entry
  await page.getByText('Powered on.').waitFor();

  const menu = page.getByRole('menu');
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 480 });
    await power('pc-152', 'On').evaluate((button) => button.scrollIntoView({ block: 'center' }));
    await power('pc-152', 'On').click();
    await menu.waitFor();
    const [at, over] = [await power('pc-152', 'On').boundingBox(), await menu.boundingBox()];
    const covers = over.x < at.x + at.width && at.x < over.x + over.width && over.y < at.y + at.height && at.y < over.y + over.height;
    assert.equal(covers, width === 320, 'a menu covers its button only where there is no room at its side');
    if (covers) {
      await page.mouse.down({ clickCount: 2 });
      await page.mouse.up({ clickCount: 2 });
      assert.ok(await menu.isVisible(), 'the second of two clicks chooses nothing');
    }
    await page.keyboard.press('Escape');
  }
  await page.setViewportSize(size);
  await power('pc-152', 'On').click();
  await page.getByRole('menuitem', { name: 'Power off now …' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Power off', exact: true }).click();
  await power('pc-152', 'Off').waitFor();
  assert.equal(new URL(page.url()).hash.includes('targets/'), false, 'no console was opened');

  const other = await newUser(browser, page, gateway, 'ben', 'ReadOnly');
  await other.locator('target-card h3').first().waitFor();
  assert.equal(await other.locator('target-card button').count(), 0, 'who only looks has no menu');
  await other.context().close();
  await search().fill('');
});

test('an address leads to its place through a login', async () => {
  const other = await newPage(browser);
  await other.goto(`${gateway.url}/#/targets/pc-123`);
  await logIn(other);
  await other.locator('console-view').waitFor();
  assert.equal(new URL(other.url()).hash, '#/targets/pc-123');
  await other.context().close();
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
