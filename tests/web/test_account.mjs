/* Login in two steps and by certificate, the words behind a logout, and one's own account: password, second factor,
 * tokens, sessions. Against a gateway that says what the tests want, below a path as behind a proxy. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { qrCode } from '../../html5-client/account/qr.js';
import { assertQuiet, button, inFirefox, labelled, launch, newPage, openConsole } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { FakeGateway, SESSION } from './fake_gateway.mjs';
import { until } from './until.mjs';

const URI = 'otpauth://totp/lightsout:anna?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=lightsout&algorithm=SHA1&digits=6&period=30';
const NOW = Math.floor(Date.now() / 1000);
const refuse = (status, code, message) => ({ status, error: { code, message } });
const NOBODY = refuse(401, 'no-session', 'Log in first: there is no session, or it has ended.');

let browser, gateway, page;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  gateway = await FakeGateway.create({ base: '/kvm' });
  gateway.answers['GET /api/v1/account'] = { user: 'anna', second_factor: false, origin: 'local', certificate: false };
});
afterEach(async () => {
  assertQuiet(page);
  await page.context().close();
  gateway.destroy();
});

/** Nobody is logged in until `accepts` likes what it is given. */
function lockedGateway(accepts) {
  const tries = [];
  gateway.answers['GET /api/v1/session'] = NOBODY;
  gateway.answers['POST /api/v1/session'] = (body) => {
    tries.push(body);
    return accepts(body);
  };
  return tries;
}

async function logIn() {
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await labelled(page, 'User name').fill('anna');
  await labelled(page, 'Password').fill('a lamp in the hall');
  await page.keyboard.press('Enter');
}

test('a login with a second factor asks for the code behind the password', async () => {
  const tries = lockedGateway((body) => {
    if (!body.code) return refuse(401, 'code-required', 'This account has a second factor.');
    return body.code === '123456' ? SESSION : refuse(401, 'bad-login', 'User name or password is wrong.');
  });
  await logIn();
  await labelled(page, 'Code').waitFor();
  assert.equal(await labelled(page, 'Code').getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await labelled(page, 'Password').isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'code');
  await checkView(page, 'login-code');
  await page.keyboard.press('Enter');
  await page.getByText('Enter the code.').waitFor();
  await page.keyboard.type('000 000');
  await page.keyboard.press('Enter');
  await page.getByText('That code is not right').waitFor();
  await page.keyboard.type('123 456');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  assert.deepEqual(tries.map(({ code }) => code), [undefined, '000000', '123456']);
  assert.ok(tries.every(({ user, password }) => user === 'anna' && password === 'a lamp in the hall'));
});

test('from the code one comes back to another account, whose password is not the one before', async () => {
  lockedGateway(() => refuse(401, 'code-required', 'This account has a second factor.'));
  await logIn();
  await button(page, 'Another account').click();
  assert.equal(await labelled(page, 'Password').inputValue(), '');
  assert.equal(await labelled(page, 'Code').isVisible(), false);
});

test('a certificate is offered only where it is accepted', async () => {
  const tries = lockedGateway((body) => (body.certificate ? { ...SESSION, kind: 'certificate' } : refuse(401, 'bad-login', 'No.')));
  gateway.answers['GET /api/v1/version'].certificate = undefined;
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await labelled(page, 'User name').waitFor();
  assert.equal(await button(page, 'Log in with a certificate').isVisible(), false);
  gateway.answers['GET /api/v1/version'] = { name: 'lightsout', version: '0', needs_setup: false, certificate: true };
  await page.reload();
  await button(page, 'Log in with a certificate').click();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  assert.deepEqual(tries, [{ certificate: true }]);
});

test('who is logged out reads why, and comes back where he was', async () => {
  page = await newPage(browser);
  await openConsole(page, gateway, 'pc');
  const console = await gateway.connection(0);
  lockedGateway(() => SESSION);
  console.end(3, 'Your password was changed.');
  await page.getByText('You were logged out. Your password was changed.').waitFor();
  await checkView(page, 'logged-out');
  await labelled(page, 'User name').fill('anna');
  await labelled(page, 'Password').fill('x');
  await page.keyboard.press('Enter');
  await gateway.connection(1);
});

test('a session whose time is over says so', async () => {
  gateway.answers['GET /api/v1/session'] = { ...SESSION, expires: 300 };
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  gateway.answers['GET /api/v1/targets'] = NOBODY;
  await page.getByText('your session’s time was over').waitFor();
});

/** The account dialog with a tab of it. */
async function openAccount(tab, options = {}) {
  page = await newPage(browser, options);
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await button(page, 'anna').click();
  await page.getByRole('menuitem', { name: 'Account …', exact: true }).click();
  await page.getByRole('tab', { name: tab, exact: true }).click();
}

const SMALL = { colorScheme: 'dark', viewport: { width: 360, height: 740 } };

test('the password is changed', async () => {
  const said = [];
  gateway.answers['PUT /api/v1/account/password'] = (body) => {
    said.push(body);
    return body.password === 'old' ? {} : refuse(403, 'bad-password', 'The password is not right.');
  };
  await openAccount('Password');
  await labelled(page, 'Present password').fill('wrong');
  await labelled(page, 'New password').fill('short');
  await button(page, 'Change password').click();
  await page.getByText('The password does not fit yet. At least 12 characters.').waitFor();
  await labelled(page, 'New password').fill('a candle in the loft');
  await labelled(page, 'New password again').fill('another');
  await button(page, 'Change password').click();
  await page.getByText('The two passwords differ.').waitFor();
  assert.deepEqual(said, [], 'nothing was sent of what could not be right');
  await labelled(page, 'New password again').fill('a candle in the loft');
  await button(page, 'Change password').click();
  await page.getByText('The password is not right.').waitFor();
  await checkView(page, 'account-password');
  await labelled(page, 'Present password').fill('old');
  await button(page, 'Change password').click();
  await page.getByText('The password is changed.').waitFor();
  assert.deepEqual(said.at(-1), { password: 'old', new: 'a candle in the loft' });
  assert.equal(await labelled(page, 'New password').inputValue(), '');
});

/** The modules of the QR code that is shown, by its rectangles. */
const shownCode = () =>
  page.evaluate(() => {
    const image = document.querySelector('svg.qr');
    const size = image.viewBox.baseVal.width - 8;
    const dark = new Array(size * size).fill(0);
    for (const [, x, y] of image.querySelector('path').getAttribute('d').matchAll(/M(\d+) (\d+)h1v1h-1z/g)) dark[(y - 4) * size + (x - 4)] = 1;
    return { size, dark };
  });

test('a second factor is set up, confirmed, and its recovery codes are shown once', async () => {
  const codes = Array.from({ length: 10 }, (_, i) => `abcd-efgh-${String(i).padStart(4, '0')}`);
  gateway.answers['POST /api/v1/account/totp'] = () => ({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: URI });
  gateway.answers['POST /api/v1/account/totp/confirm'] = ({ code }) => (code === '123456' ? { recovery: codes } : refuse(422, 'bad-code', 'That code is not right.'));
  await openAccount('Second factor', inFirefox ? {} : { permissions: ['clipboard-read', 'clipboard-write'] });
  await checkView(page, 'account-factor-off');
  await button(page, 'Set up').click();
  await page.locator('svg.qr').waitFor();
  const { size, dark } = qrCode(URI);
  const shown = await shownCode();
  assert.equal(shown.size, size);
  assert.deepEqual(shown.dark, [...dark], 'the code is that of the whole address');
  await page.getByText('JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP').waitFor();
  await checkView(page, 'account-factor-code');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.getByText('That code is not right.').waitFor();
  await labelled(page, 'Code that the app shows now').fill('123 456');
  await page.keyboard.press('Enter');
  const secret = page.getByRole('textbox', { name: 'Recovery codes' });
  await secret.waitFor();
  assert.equal(await secret.textContent(), codes.join('\n'));
  await checkView(page, 'account-recovery');
  if (!inFirefox) {
    await button(page, 'Copy').click();
    await page.getByText('Copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));
  }
  await page.evaluate(() => (window.print = () => (window.sheet = document.querySelector('.print-sheet')?.textContent)));
  await button(page, 'Print').click();
  const sheet = await until(() => page.evaluate(() => window.sheet), 'the sheet is printed');
  assert.ok(codes.every((code) => sheet.includes(code)) && sheet.includes('anna'));
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('dialog').isVisible(), false, 'nothing else is printed');
  assert.equal(await page.locator('.print-sheet').isVisible(), true);
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  assert.equal(await page.locator('.print-sheet').count(), 0);
  await button(page, 'I have kept it').click();
  await page.getByText('Logins ask for a code from now on.').waitFor();
  assert.equal(await page.getByText('abcd-efgh').count(), 0);
});

test('a second factor is removed by the password', async () => {
  gateway.answers['GET /api/v1/account'].second_factor = true;
  gateway.answers['GET /api/v1/account'] = { user: 'anna', second_factor: true, origin: 'local', certificate: false };
  gateway.answers['DELETE /api/v1/account/totp'] = ({ password }) => (password === 'right' ? {} : refuse(403, 'bad-password', 'The password is not right.'));
  await openAccount('Second factor');
  await labelled(page, 'Password').last().fill('wrong');
  await button(page, 'Remove the second factor').click();
  await page.getByText('The password is not right.').waitFor();
  await checkView(page, 'account-factor-on');
  await labelled(page, 'Password').last().fill('right');
  await button(page, 'Remove the second factor').click();
  await page.getByText('The second factor is removed.').waitFor();
  await button(page, 'Set up').waitFor();
});

test('who is kept in a directory has no password to change here', async () => {
  gateway.answers['GET /api/v1/account'] = { user: 'anna', second_factor: false, origin: 'directory', certificate: false };
  await openAccount('Second factor');
  await page.getByText('kept in the directory').waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Password', exact: true }).count(), 0);
});

test('tokens are listed, made with a scope, shown once, and revoked', async () => {
  let tokens = [
    { id: 1, name: 'backup', created: NOW - 86400, expires: NOW + 86400, used: null, grants: null },
    { id: 2, name: 'lab', created: NOW - 86400, expires: NOW - 10, used: NOW - 3600, grants: [{ target: 'pc', rights: ['view', 'power'] }] },
  ];
  const wanted = [];
  gateway.answers['GET /api/v1/account/tokens'] = () => ({ tokens });
  gateway.answers['POST /api/v1/account/tokens'] = (body) => {
    wanted.push(body);
    if (body.name === 'lab') return refuse(409, 'token-exists', 'There is a token of that name.');
    tokens = [...tokens, { id: 3, name: body.name, created: NOW, expires: NOW + body.expires, used: null, grants: body.grants ?? null }];
    return { id: 3, token: `lo_${'5a'.repeat(32)}` };
  };
  gateway.answers['DELETE /api/v1/account/tokens/2'] = () => ((tokens = tokens.filter(({ id }) => id !== 2)), {});
  await openAccount('API tokens');
  await page.getByText('pc: See the screen, Power').waitFor();
  await checkView(page, 'account-tokens');
  await button(page, 'New token').click();
  await labelled(page, 'Name').fill('lab');
  await button(page, 'Make token').click();
  await page.getByText('There is a token of that name.').waitFor();
  await labelled(page, 'Name').fill('night job');
  await labelled(page, 'Good for').selectOption('7');
  await labelled(page, 'Only what I choose').check();
  await button(page, 'Make token').click();
  await page.getByText('Choose at least one right').waitFor();
  await labelled(page, 'pc').check();
  await labelled(page, 'See the screen').check();
  assert.equal(await page.locator('dialog').getByLabel('Power', { exact: true }).count(), 0, 'what one may not oneself is not offered');
  await checkView(page, 'account-token-new');
  await button(page, 'Make token').click();
  const secret = page.getByRole('textbox', { name: 'Token night job' });
  assert.equal(await secret.textContent(), `lo_${'5a'.repeat(32)}`);
  await checkView(page, 'account-token-made');
  assert.deepEqual(wanted.at(-1), { name: 'night job', expires: 7 * 86400, grants: [{ target: 'pc', rights: ['view'] }] });
  assert.deepEqual(wanted[0], { name: 'lab', expires: 90 * 86400 });
  await button(page, 'I have kept it').click();
  await page.getByText('night job').waitFor();
  assert.equal(await page.getByText('lo_5a').count(), 0);
  await button(page, 'Revoke lab').click();
  await button(page, 'Revoke').click();
  await page.getByText('The token is revoked.').waitFor();
  await page.getByText('lab', { exact: true }).waitFor({ state: 'detached' });
});

test('sessions are listed with what they are, and ended', async () => {
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
  let sessions = [
    { id: 1, user: 'anna', kind: 'browser', peer: '192.0.2.1', agent, created: NOW - 3600, used: NOW, current: true },
    { id: 2, user: 'anna', kind: 'certificate', peer: '2001:db8::1', agent: 'curl/8.1', created: NOW - 7200, used: NOW - 60, current: false },
    { id: 3, user: 'anna', kind: 'directory', peer: '192.0.2.3', agent: '', created: NOW - 7200, used: NOW - 60, current: false },
  ];
  gateway.answers['GET /api/v1/sessions'] = () => ({ sessions });
  gateway.answers['GET /api/v1/sessions?all=1'] = () => ({ sessions: [...sessions, { ...sessions[1], id: 9, user: 'ben' }] });
  gateway.answers['DELETE /api/v1/sessions/2'] = () => ((sessions = sessions.filter(({ id }) => id !== 2)), {});
  gateway.answers['DELETE /api/v1/sessions'] = () => ((sessions = sessions.slice(0, 1)), {});
  gateway.answers['GET /api/v1/session'] = { ...SESSION, grants: [...SESSION.grants, { target: '', rights: ['users'] }] };
  await openAccount('Sessions');
  await page.getByText('Firefox 128 on Linux').waitFor();
  await page.getByText('This one').waitFor();
  await checkView(page, 'account-sessions');
  await labelled(page, 'Everybody’s').check();
  await page.getByText('ben · ').waitFor();
  await labelled(page, 'Everybody’s').uncheck();
  await page.getByText('ben · ').waitFor({ state: 'detached' });
  await button(page, 'End the session of curl 8, 2001:db8::1').click();
  await page.getByText('The session is ended.').waitFor();
  await button(page, 'End all others of mine').click();
  await page.getByText('Your other sessions are ended.').waitFor();
  await until(async () => !(await button(page, 'End all others of mine').isVisible()), 'there are no others left');
  await until(async () => (await page.locator('.row').count()) === 1, 'this one is left');
});

test('all of it fits a telephone', async () => {
  gateway.answers['POST /api/v1/account/totp'] = () => ({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: URI });
  gateway.answers['GET /api/v1/account/tokens'] = { tokens: [{ id: 1, name: 'a-name-without-any-blank-that-goes-on-and-on-and-on', created: NOW, expires: NOW, used: null, grants: null }] };
  gateway.answers['GET /api/v1/sessions'] = { sessions: [{ id: 1, user: 'anna', kind: 'browser', peer: '2001:db8:1111:2222:3333:4444:5555:6666', agent: 'x'.repeat(120), created: NOW, used: NOW, current: true }] };
  await openAccount('Password', SMALL);
  for (const tab of ['Password', 'API tokens', 'Sessions', 'Second factor']) {
    await page.getByRole('tab', { name: tab, exact: true }).click();
    await checkView(page, `small-account-${tab.toLowerCase().replace(' ', '-')}`);
  }
  await button(page, 'Set up').click();
  await page.locator('svg.qr').waitFor();
  await checkView(page, 'small-account-code');
});

test('by keyboard alone', async () => {
  gateway.answers['GET /api/v1/sessions'] = { sessions: [] };
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  const active = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await until(async () => {
    await page.keyboard.press('Tab');
    return (await active()) === 'anna';
  }, 'Tab leads to the user');
  await page.keyboard.press('Enter');
  await until(async () => (await active()) === 'Account …', 'the menu begins with the account');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'Password', exact: true }).waitFor();
  await until(async () => {
    if ((await active()) === 'Password') return true;
    await page.keyboard.press('Tab');
    return (await active()) === 'Password';
  }, 'Tab leads to the tabs');
  await page.keyboard.press('End');
  await until(async () => (await active()) === 'Sessions', 'End leads to the last tab');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});
