/* From an empty state folder to a console, as a person does it; then the session's end and the way back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, canvasHash, labelled, launch, logIn, newPage, openConsole, setUp, shot } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let gateway, browser, page;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const error = () => page.locator('.error:not(:empty), .message:not(:empty)').first().textContent();

test('a wrong secret is told in words, at its field', async () => {
  await page.goto(gateway.url);
  await page.getByRole('heading', { name: 'Set up this gateway' }).waitFor();
  await shot(page, 'set-up');
  await labelled(page, 'Set-up secret').fill('wrong-wrong-wrong');
  await labelled(page, 'User name').fill(CREDENTIALS.user);
  await labelled(page, 'Password').fill(CREDENTIALS.password);
  await labelled(page, 'Password again').fill(CREDENTIALS.password);
  await button(page, 'Create administrator').click();
  await until(error, 'the refusal is shown');
  assert.match(await error(), /secret/i);
  assert.equal(await labelled(page, 'Set-up secret').getAttribute('aria-invalid'), 'true');
});

test('passwords that break a rule are not even sent', async () => {
  let asked = 0;
  const count = (request) => (asked += request.url().endsWith('/setup') ? 1 : 0);
  page.on('request', count);
  await labelled(page, 'Password').fill('short');
  await button(page, 'Create administrator').click();
  assert.match(await page.locator('.error:not(:empty)').last().textContent(), /12 characters/);
  await labelled(page, 'Password').fill(CREDENTIALS.password);
  await labelled(page, 'Password again').fill('another one entirely');
  await button(page, 'Create administrator').click();
  assert.match(await page.locator('.error:not(:empty)').last().textContent(), /differ/);
  page.off('request', count);
  assert.equal(asked, 0);
});

test('set-up leads to the list, which shows the target with a picture', async () => {
  await setUp(page, gateway);
  await page.getByRole('link', { name: 'card' }).waitFor();
  await page.locator('target-card img:not([hidden])').waitFor();
  await until(() => page.evaluate(() => document.querySelector('target-card img').naturalWidth > 0), 'the thumbnail is a picture');
  await shot(page, 'list');
});

test('a second set-up is impossible', async () => {
  const other = await newPage(browser);
  await other.goto(`${gateway.url}/#/setup`);
  await other.getByRole('heading', { name: 'Log in' }).waitFor();
  await other.context().close();
});

test('thumbnails are at most two seconds old while looked at, and rest when hidden', async () => {
  const times = [];
  const seen = (request) => request.url().includes('/screenshot') && times.push(Date.now());
  page.on('request', seen);
  // a machine that stands still for a moment has a longer pause among them
  await until(() => times.length >= 3 && times.at(-1) - times.at(-3) < 20000, 'the thumbnail is asked for again and again');
  page.off('request', seen);
});

test('the console shows the picture, who types, and figures', async () => {
  await page.getByRole('link', { name: 'card' }).click();
  await until(async () => (await canvasHash(page))?.width === 1280, 'the canvas has the test card');
  await page.getByText('Your keys go to the target').waitFor();
  await until(() => page.getByTitle('Round trip').textContent().then((text) => /^[\d.]+ ms$/.test(text)), 'a round trip is shown');
  await shot(page, 'console');
});

test('an ended session asks for the login and comes back to the console', async () => {
  await page.context().clearCookies();
  await page.reload();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await shot(page, 'login');
  await labelled(page, 'User name').fill(CREDENTIALS.user);
  await labelled(page, 'Password').fill('not the password');
  await button(page, 'Log in').click();
  await until(error, 'the refusal is shown');
  await logIn(page);
  await page.locator('console-view').waitFor();
  await until(async () => (await canvasHash(page))?.exact !== undefined, 'the console paints');
});

test('a session that ends under an open console leads to the login and back', async () => {
  await page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }));
  await page.getByText('Your session has ended').waitFor();
  await logIn(page);
  await page.locator('console-view').waitFor();
});

test('an unknown target is told in words', async () => {
  await openConsole(page, gateway, 'nothing-here');
  await page.getByRole('heading', { name: 'The console has ended' }).waitFor();
  assert.match(await page.locator('.cover').textContent(), /nothing-here/);
});

test('logging out leads to the login', async () => {
  await page.goto(`${gateway.url}/#/`);
  await button(page, CREDENTIALS.user).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
