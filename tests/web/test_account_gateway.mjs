/* One's own account on a real gateway: password, second factor with codes that a telephone would show, a recovery code that
 * works once, a token that opens what it says and no more, sessions that end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, newPage, setUp } from './browser.mjs';
import { lightsout, localClient } from '../vm/target/client.mjs';
import { CREDENTIALS, Gateway, build } from './gateway.mjs';
import { totp } from './totp.mjs';

const NEW_PASSWORD = 'a candle in the loft';
let browser, gateway, page;
let secret = '';
let recovery = [];

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, desk: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await setUp(page, gateway);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

async function account(tab, on = page) {
  if (await on.getByRole('dialog').count()) await on.keyboard.press('Escape');
  await button(on, CREDENTIALS.user).click();
  await on.getByRole('menuitem', { name: 'Account …', exact: true }).click();
  await on.getByRole('tab', { name: tab, exact: true }).click();
}

/** A second browser at the login. @param {string} password */
async function another(password) {
  const other = await newPage(browser);
  await other.goto(`${gateway.url}/#/`);
  await labelled(other, 'User name').fill(CREDENTIALS.user);
  await labelled(other, 'Password').fill(password);
  await other.keyboard.press('Enter');
  return other;
}

const inside = (other) => other.getByRole('heading', { name: 'Targets' }).waitFor();

test('the password is changed, and opens the next login', async () => {
  await account('Password');
  await labelled(page, 'Present password').fill('not the one');
  await labelled(page, 'New password').fill(NEW_PASSWORD);
  await labelled(page, 'New password again').fill(NEW_PASSWORD);
  await button(page, 'Change password').click();
  await page.locator('.error:not(:empty)').first().waitFor();
  await labelled(page, 'Present password').fill(CREDENTIALS.password);
  await button(page, 'Change password').click();
  await page.getByText('The password is changed.').waitFor();
  const other = await another(NEW_PASSWORD);
  await inside(other);
  assertQuiet(other);
  await other.context().close();
});

test('a second factor is set up, and the next login asks for it', async () => {
  await account('Second factor');
  await button(page, 'Set up').click();
  await page.locator('svg.qr').waitFor();
  secret = (await page.locator('.enrol-secret code').textContent()).replaceAll(' ', '');
  await page.keyboard.type(totp(secret));
  await page.keyboard.press('Enter');
  const shown = page.getByRole('textbox', { name: 'Recovery codes' });
  await shown.waitFor();
  recovery = (await shown.textContent()).split('\n');
  assert.equal(recovery.length, 10);
  await button(page, 'I have kept it').click();

  const other = await another(NEW_PASSWORD);
  await labelled(other, 'Code').waitFor();
  await other.keyboard.type('000000');
  await other.keyboard.press('Enter');
  await other.getByText('That code is not right').waitFor();
  await labelled(other, 'Code').fill(totp(secret, 1)); // the step of the confirmation is used up
  await other.keyboard.press('Enter');
  await inside(other);
  assertQuiet(other);
  await other.context().close();
});

test('a recovery code works once', async () => {
  const other = await another(NEW_PASSWORD);
  await labelled(other, 'Code').fill(recovery[0]);
  await other.keyboard.press('Enter');
  await inside(other);
  await other.context().close();
  const again = await another(NEW_PASSWORD);
  await labelled(again, 'Code').fill(recovery[0]);
  await again.keyboard.press('Enter');
  await again.getByText('That code is not right').waitFor();
  await labelled(again, 'Code').fill(recovery[1]);
  await again.keyboard.press('Enter');
  await inside(again);
  await again.context().close();
});

/** What a program gets with a token. @param {string} token @param {string} path @returns {Promise<{status: number, body: any}>} */
const withToken = (token, path, method = 'GET', body = undefined) =>
  new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } : {}) };
    const asked = request({ host: '127.0.0.1', servername: 'localhost', port: gateway.port, path: `/api/v1${path}`, method, headers: { Host: `localhost:${gateway.port}`, ...headers }, rejectUnauthorized: false }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part)).on('end', () => resolve({ status: answer.statusCode ?? 0, body: text ? JSON.parse(text) : null }));
    });
    asked.on('error', reject).end(body);
  });

test('a token opens what it was made for, until it is revoked', async () => {
  await account('API tokens');
  await button(page, 'New token').click();
  await labelled(page, 'Name').fill('night job');
  await labelled(page, 'Only what I choose').check();
  await labelled(page, 'desk').check();
  await labelled(page, 'See the screen').check();
  await button(page, 'Make token').click();
  const shown = page.getByRole('textbox', { name: 'Token night job' });
  await shown.waitFor();
  const token = await shown.textContent();
  assert.match(token, /^lo_/);
  await button(page, 'I have kept it').click();
  const { status, body } = await withToken(token, '/targets');
  assert.equal(status, 200);
  assert.deepEqual(body.targets.map(({ name }) => name), ['desk'], 'the other target does not exist for it');
  assert.equal((await withToken(token, '/targets/card')).status, 404);
  assert.equal((await withToken(token, '/targets/desk/power', 'POST', '{"action":"reset"}')).status, 403);
  assert.equal((await withToken(token, '/account/tokens', 'POST', '{"name":"more"}')).status, 403);
  await page.getByText('desk: See the screen').waitFor();
  await button(page, 'Revoke night job').click();
  await button(page, 'Revoke').click();
  await page.getByText('The token is revoked.').waitFor();
  assert.equal((await withToken(token, '/targets')).status, 401);
});

test('a session that is ended elsewhere leads to the login, with the reason', async () => {
  const other = await another(NEW_PASSWORD);
  await labelled(other, 'Code').fill(recovery[2]);
  await other.keyboard.press('Enter');
  await inside(other);
  await account('Sessions');
  await page.getByText('This one').waitFor();
  await button(page, 'End all others of mine').click();
  await page.getByText('Your other sessions are ended.').waitFor();
  await other.getByText(/^You were logged out/).waitFor();
  await other.context().close();
});

test('the second factor is removed by the password', async () => {
  await account('Second factor');
  await labelled(page, 'Password').last().fill(NEW_PASSWORD);
  await button(page, 'Remove the second factor').click();
  await page.getByText('The second factor is removed.').waitFor();
  const other = await another(NEW_PASSWORD);
  await inside(other);
  await other.context().close();
  assertQuiet(page);
});

test('all of that by the command line', async () => {
  const first = 'a lamp in the cellar', second = 'a lamp in the attic';
  assert.equal((await localClient(gateway).fed(`${first}\n`, 'user', 'add', 'bea', 'ReadOnly')).code, 0);
  const at = (file) => ['--url', gateway.url, '--fingerprint', /fingerprint +(\S+)/.exec(gateway.log)[1], '--token-file', gateway.path(file)];
  const bea = (input, ...args) => lightsout([...at('bea'), ...args], { input: input.map((line) => `${line}\n`).join('') });
  const works = async (input, ...args) => {
    const { code, out, err } = await bea(input, ...args);
    assert.equal(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  };
  await works([first], 'login', 'bea');
  assert.match(await works([], 'whoami'), /^user +bea\nrole +ReadOnly\n[^]*\nsecond factor +no\n/);
  const wrong = await bea(['not the one', second], 'account', 'password');
  assert.equal(wrong.code, 5);
  assert.match(wrong.err, /present password is not right/);
  await works([first, second], 'account', 'password');

  assert.equal((await lightsout([...at('elsewhere'), 'login', 'bea'], { input: `${second}\n` })).code, 0);
  await works([], 'session', 'end-others');
  assert.equal((await lightsout([...at('elsewhere'), 'whoami'])).code, 5, 'that session is over');

  const factor = spawn(join(build, 'gateway/lightsout'), [...at('bea'), 'account', 'second-factor'], { timeout: 120000 });
  const ended = new Promise((resolve) => factor.on('close', resolve));
  let told = '';
  factor.stdout.on('data', (data) => {
    const key = /secret=([A-Z2-7]+)/;
    if (!key.test(told) && key.test(told + data)) factor.stdin.end(`000000\n${totp(key.exec(told + data)[1])}\n`);
    told += data;
  });
  assert.equal(await ended, 0, told);
  const codes = told.trim().split('\n').slice(-10);
  assert.equal(JSON.parse(await works([], '--json', 'whoami')).second_factor, true);
  await works([second, codes[0]], 'login', 'bea');
  await works([second], 'account', 'drop-second-factor');
  assert.match(await works([], 'whoami'), /second factor +no\n/);

  const token = (await works([], 'token', 'make', 'night job')).trim();
  assert.equal((await withToken(token, '/session')).status, 200);
  const { ok, refused } = localClient(gateway);
  const [, id] = /^(\d+) expires .* night job/.exec(await ok('token', 'list', '--user', 'bea'));
  assert.equal(await ok('token', 'list', '--user', CREDENTIALS.user), '', 'it is not in another account');
  await refused(['token', 'revoke', id, '--user', CREDENTIALS.user], 4, /no token/);
  await refused(['token', 'list', '--user', 'nobody'], 4, "There is no user 'nobody'.");
  const other = await bea([], 'token', 'list', '--user', CREDENTIALS.user);
  assert.equal(other.code, 5, 'a ReadOnly user');
  await ok('token', 'revoke', id, '--user', 'bea');
  assert.equal((await withToken(token, '/session')).status, 401);
});
