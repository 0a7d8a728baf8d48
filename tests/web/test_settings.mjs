/* The settings on the page of the real gateway: what the file owns is locked, keys are changed and refused, a second admin is
 * met with a choice, targets and users come and go, a certificate is asked for, set and confirmed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rest } from '../vm/target/client.mjs';
import { Authority } from './authority.mjs';
import { assertQuiet, button, labelled, launch, newPage, once, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
let browser, page;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard', noise: 'yes' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
  rest = new Rest(gateway);
  await rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** @param {string} place */
async function open(place) {
  await page.evaluate((hash) => (location.hash = hash), `#/settings/${place}`);
  await page.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
}
/** @param {string} name of a key */
const key = (name) => page.locator(`.key[data-key="${name}"]`);
/** It is told, and the line is put away, so that the next one is another's. */
const saved = () =>
  until(() => page.evaluate(() => {
    const line = [...document.querySelectorAll('.notice')].find(({ textContent }) => textContent.includes('Saved.'));
    line?.querySelector('button')?.click();
    return Boolean(line);
  }), 'it is saved');
const value = async (/** @type {string} */ name) => (await rest.ok('GET', '/config')).gateway[name].value;

test('every section is there from the menu, and axe finds nothing', once, async () => {
  await button(page, CREDENTIALS.user).click();
  await page.getByRole('menuitem', { name: 'Settings', exact: true }).click();
  await page.getByRole('heading', { name: 'Gateway', exact: true }).waitFor();
  for (const name of ['gateway', 'targets', 'targets/card', 'targets/+', 'users', `users/${CREDENTIALS.user}`, 'users/+', 'certificates', 'directory', 'media', 'dongles', 'backup', 'audit', 'about']) {
    await open(name);
    await checkView(page, `settings-${name.replace('/', '-').replace('+', 'new')}`);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  for (const name of ['gateway', 'users/+', 'audit']) {
    await open(name);
    await checkView(page, `small-settings-${name.replace('/', '-').replace('+', 'new')}`);
  }
  await labelled(page, 'Section').selectOption('about');
  await page.getByRole('heading', { name: 'About' }).waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('what the file says is locked and says where; a wrong value is told beside its key', async () => {
  await open('gateway');
  await key('listen').getByText(`Set in ${gateway.path('lightsout.conf')}`).waitFor();
  assert.equal(await key('listen').locator('textarea, input').count(), 0);
  const keep = key('audit-keep').locator('input');
  await keep.fill('12');
  await button(page, 'Save').click();
  await key('audit-keep').getByText('Give a value from 1,000 to 10,000,000.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true', 'the focus is where the mistake is');
  await keep.fill('5000'); // fits the bounds, and not what the page may
  await button(page, 'Save').click();
  await page.waitForFunction(() => document.querySelector('.key[data-key="audit-keep"] .error')?.textContent);
  assert.equal(await value('audit-keep'), '100000');
  await button(page, 'Discard').click();
  await until(async () => (await keep.inputValue()) === '100000', 'it is as it was');
});

test('what is done on the machine alone is told: another library, a restore', once, async () => {
  await open('media');
  await page.getByText(`write library = FOLDER into ${gateway.path('lightsout.conf')}`).waitFor();
  await open('backup');
  await page.getByText('lightsout restore FILE --replace').waitFor();
});

test('a change is saved, told of, and taken back', async () => {
  await open('gateway');
  await key('audit-keep').locator('input').fill('300000');
  await page.getByText('1 change is not saved yet').waitFor();
  await page.evaluate(() => (location.hash = '#/settings/about'));
  await button(page, 'Cancel').click(); // it would be lost
  await key('audit-keep').locator('input').focus();
  await page.keyboard.press('Enter');
  await saved();
  await key('audit-keep').getByText(`Set by ${CREDENTIALS.user}`).waitFor();
  assert.equal(await value('audit-keep'), '300000');
  await until(async () => (await rest.ok('GET', '/audit/state')).keep === 300000, 'it counts at once');
  await key('audit-keep').getByRole('button', { name: 'Back to the default' }).click();
  await button(page, 'Save').click();
  await saved();
  await until(async () => (await value('audit-keep')) === '100000', 'the default counts');
});

test('what could shut one out is on trial, and is undone when one says so', async () => {
  await open('gateway');
  await key('trusted-proxies').locator('textarea').fill('192.0.2.10\nfd00:1::/64');
  await button(page, 'Save').click();
  await page.getByText(`Addresses and names: changed by ${CREDENTIALS.user}`).waitFor();
  assert.equal(await value('trusted-proxies'), '192.0.2.10 fd00:1::/64');
  await button(page, 'Undo now').click();
  await page.getByText('The change is undone.').waitFor();
  await until(async () => (await value('trusted-proxies')) === null, 'it is as before');
  await page.waitForFunction(() => document.querySelector('.key[data-key="trusted-proxies"] textarea')?.value === '');
});

test('somebody else was faster: a choice for each key that both changed', async () => {
  await open('gateway');
  await key('audit-keep').locator('input').fill('400000');
  await key('audit-full').locator('select').selectOption('refuse');
  const { etag } = await rest.ok('GET', '/config');
  const theirs = await rest.call('PATCH', '/config', { gateway: { 'audit-keep': '700000', 'audit-syslog': 'log.example.org' } }, { 'If-Match': `"${etag}"` });
  assert.equal(theirs.status, 200, JSON.stringify(theirs.body));
  await button(page, 'Save').click();
  const dialog = page.locator('dialog');
  await dialog.getByText('Copy to a syslog server: none → log.example.org').waitFor();
  assert.equal(await dialog.getByRole('radio').count(), 2, 'only what both changed is asked');
  await checkView(page, 'settings-conflict');
  await dialog.getByText('Keep theirs:').click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await until(async () => (await value('audit-full')) === 'refuse', 'mine is saved');
  assert.equal(await value('audit-keep'), '700000');
  await page.waitForFunction(() => document.querySelector('.key[data-key="audit-keep"] input')?.value === '700000');
});

test('a target is added, changed and removed without a restart', async () => {
  await open('targets');
  await button(page, 'Add target').click();
  await labelled(page, 'Test picture').check();
  await labelled(page, 'Name').fill('Not so');
  await page.locator('form').getByRole('button', { name: 'Add target' }).click();
  await page.getByText('Give a name of lower-case letters').waitFor();
  await labelled(page, 'Name').fill('second');
  await page.locator('form').getByRole('button', { name: 'Add target' }).click();
  await page.getByRole('heading', { name: 'second' }).waitFor();
  await key('seat').locator('select').selectOption('shared');
  await button(page, 'Save').click();
  await saved();
  await until(async () => (await rest.call('GET', '/targets/second')).body.seat?.shared, 'it is there, and as it was set');
  await button(page, 'Remove this target').click();
  await page.locator('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('second is removed.').waitFor();
  await until(async () => (await rest.call('GET', '/targets/second')).status === 404, 'it is not there any more');
  await page.locator('.row').filter({ hasText: 'card' }).getByText('From the file').waitFor();
  assert.equal(await button(page, 'Remove card').count(), 0);
});

test('a user is made with rights of its own, locked, and removed', async () => {
  await open('users');
  await button(page, 'Add user').click();
  await labelled(page, 'User name').fill('berta');
  await labelled(page, 'Role').selectOption('Custom');
  await labelled(page, 'See the screen: All targets').check();
  assert.ok(await labelled(page, 'See the screen: card').isDisabled(), 'it is implied');
  await labelled(page, 'Power: card').check();
  await page.locator('form').getByRole('button', { name: 'Add user' }).click();
  const password = await page.getByRole('textbox', { name: 'Password of berta' }).textContent();
  const berta = new Rest(gateway);
  assert.equal((await berta.logIn('berta', password)).status, 200, 'the password that was shown works');
  await button(page, 'I have kept it').click();
  await page.getByRole('heading', { name: 'berta' }).waitFor();
  const { users } = await rest.ok('GET', '/users');
  const rights = users.find(({ name }) => name === 'berta').grants.map(({ target, rights: some }) => `${target}:${some}`).sort();
  assert.deepEqual(rights, ['*:view', 'card:power']);
  await button(page, 'Lock the account').click();
  await page.locator('dialog').getByRole('button', { name: 'Lock the account' }).click();
  await page.getByText('This user cannot log in.').waitFor();
  await until(async () => (await berta.call('GET', '/session')).status === 401, 'what berta had open has ended');
  await button(page, 'Remove this user').click();
  await page.locator('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('berta is removed.').waitFor();
});

test('a certificate: asked for, signed elsewhere, tested, set, and confirmed after a reload', async () => {
  await open('certificates');
  await button(page, 'Make a signing request').click();
  await page.waitForFunction(() => /BEGIN CERTIFICATE REQUEST/.test(document.querySelector('textarea[readonly]')?.value ?? ''));
  const ca = new Authority(gateway.path('ca'), 'ours');
  writeFileSync(gateway.path('page.csr'), await labelled(page, 'Signing request').last().inputValue());
  writeFileSync(gateway.path('page.ext'), 'subjectAltName=DNS:localhost\n');
  const sign = ['x509', '-req', '-in', gateway.path('page.csr'), '-CA', ca.certificate, '-CAkey', ca.key, '-set_serial', '77', '-days', '30', '-extfile', gateway.path('page.ext')];
  const signed = execFileSync('openssl', sign, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  await labelled(page, 'Certificate (PEM)').fill('nonsense');
  await button(page, 'Test only').click();
  await page.locator('.message[data-tone="danger"]').filter({ hasText: /\w/ }).first().waitFor();
  await labelled(page, 'Certificate (PEM)').fill(signed + readFileSync(ca.certificate, 'latin1'));
  await button(page, 'Test only').click();
  await page.getByText('It can be used.').waitFor();
  await button(page, 'Use it, on trial').click();
  await page.getByText('Certificate: changed by').waitFor();
  await checkView(page, 'settings-trial');
  await page.reload();
  await page.getByText('Certificate: changed by').waitFor();
  await button(page, 'Confirm').click();
  await page.getByText('The change is confirmed.').waitFor();
  assert.equal((await rest.ok('GET', '/pending-change')).change, null);
  await page.getByText('Uploaded').waitFor();
});

test('who may do nothing here has no way in; a part of it shows a part', async () => {
  await rest.ok('POST', '/users', { name: 'carl', password: CREDENTIALS.password, grants: [{ target: 'card', rights: ['view', 'configure'] }] });
  const other = await newPage(browser);
  await other.goto(`${gateway.url}/#/settings/users`);
  await labelled(other, 'User name').fill('carl');
  await labelled(other, 'Password').fill(CREDENTIALS.password);
  await button(other, 'Log in').click();
  await other.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
  const names = await other.locator('.settings-list a').allTextContents();
  assert.deepEqual(names, ['Targets', 'EDID & USB', 'About']);
  await other.getByRole('link', { name: 'card', exact: true }).click();
  await other.locator('.key[data-key="noise"]').getByText('Set in').waitFor();
  assertQuiet(other);
  await other.context().close();
});

test('About tells how the gateway is, leads to its API, and begins its process anew for who may', async () => {
  await open('about');
  const fact = (name) => page.locator('dt', { hasText: name }).locator('+ dd').textContent();
  assert.match(await fact('Load (1, 5, 15 min)'), /^[\d.]+ · [\d.]+ · [\d.]+$/);
  assert.match(await fact('State folder'), /^[\d.]+ .B free of [\d.]+ .B$/);
  for (const name of ['Memory, at most', 'Sent so far']) assert.match(await fact(name), /^[\d.]+ .?B$/, name);
  for (const name of ['Viewers now', 'Connections so far', 'Processor, on average', 'Runs since']) assert.match(await fact(name), /\d/, name);
  const link = await page.getByRole('link', { name: 'REST API of this gateway' }).getAttribute('href');
  assert.equal((await page.evaluate((path) => fetch(path).then((answer) => answer.json()), link)).openapi, '3.1.0');

  const uptime = async () => (await rest.ok('GET', '/system')).uptime;
  await until(async () => (await uptime()) >= 2, 'it runs for a while');
  await button(page, 'Restart it now').click();
  await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
  const asked = Date.now();
  await button(page, 'Restart it now').click();
  await page.locator('dialog').getByText('Machines go on').waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Restart it now' }).click();
  await page.getByText('The gateway’s process is new.').waitFor();
  assert.ok((await uptime()) * 1000 <= Date.now() - asked, 'the process is new');

  const other = await newPage(browser);
  await other.goto(`${gateway.url}/#/settings/about`);
  await labelled(other, 'User name').fill('carl');
  await labelled(other, 'Password').fill(CREDENTIALS.password);
  await button(other, 'Log in').click();
  await other.getByRole('heading', { name: 'Clock' }).waitFor();
  assert.equal(await other.getByText('Connections so far').or(button(other, 'Restart it now')).count(), 0, 'neither figures nor a restart');
  await other.context().close();
});

test('the browser has nothing to complain about', () => assertQuiet(page));
