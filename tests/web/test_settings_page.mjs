/* The settings' page against a gateway that says what a test wants: what is in use, what others hold, what has to be confirmed
 * over a new connection, and what runs out. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { assertQuiet, button, labelled, launch, newPage } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { FakeSettings } from './fake_settings.mjs';
import { until } from './until.mjs';

/** @type {FakeGateway} */ let gateway;
/** @type {FakeSettings} */ let settings;
let browser, page;
const EVERYTHING = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit', 'library', 'users'];
const refuse = (status, code, more = {}) => ({ status, error: { code, message: `No: ${code}.`, ...more } });

before(async () => {
  gateway = await FakeGateway.create();
  browser = await launch();
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});
beforeEach(() => {
  settings = new FakeSettings();
  gateway.answers = { ...gateway.answers, ...settings.answers, 'GET /api/v1/session': sessionWith(EVERYTHING) };
});

/** @param {string} place */
async function open(place) {
  await page.goto(`${gateway.url}/#/settings/${place}`);
  await page.reload();
  await page.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
}
const key = (name) => page.locator(`.key[data-key="${name}"]`);

test('removing what is in use names who and what, and is asked twice', async () => {
  const asked = [];
  gateway.answers['DELETE /api/v1/targets/web1'] = () => (asked.push('mild'), refuse(409, 'in-use', { viewers: ['berta', 'carl'], running: true, media: ['debian-13.iso'] }));
  gateway.answers['DELETE /api/v1/targets/web1?force=1'] = () => (asked.push('force'), delete settings.targets.web1, {});
  await open('targets');
  await button(page, 'Remove web1').click();
  await page.locator('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('The virtual machine is running. At its console: berta and carl. In its drives: debian-13.iso.').waitFor();
  await checkView(page, 'settings-in-use');
  await button(page, 'Remove anyway').click();
  await page.getByText('web1 is removed.').waitFor();
  assert.deepEqual(asked, ['mild', 'force']);
  assert.equal(await page.getByRole('link', { name: 'web1', exact: true }).count(), 0);
});

test('what the gateway refuses stands beside its key, and the focus with it', async () => {
  await open('gateway');
  await key('audit-syslog').locator('input').fill('bad');
  await button(page, 'Save').click();
  await key('audit-syslog').getByText('Write audit-syslog otherwise.').waitFor();
  const focused = await page.evaluate(() => document.activeElement?.closest('.key')?.getAttribute('data-key'));
  assert.equal(focused, 'audit-syslog');
  assert.equal(await page.getByRole('textbox', { name: 'Copy to a syslog server' }).getAttribute('aria-invalid'), 'true');
  await button(page, 'Discard').click();
});

/** Holds requests back until they are let go. @param {string} method @param {string} path */
async function hold(method, path) {
  const moment = () => {
    let resolve;
    return { come: new Promise((done) => (resolve = done)), resolve };
  };
  const [asked, released, gone] = [moment(), moment(), moment()];
  const matches = (url) => url.pathname.endsWith(path);
  await page.route(matches, async (route) => {
    if (route.request().method() !== method) return route.continue();
    asked.resolve();
    await released.come;
    await route.continue();
    gone.resolve();
  });
  const release = async () => {
    released.resolve();
    await gone.come;
    await page.unroute(matches);
  };
  return { asked: asked.come, release };
}

test('what is typed while a save is on its way stays, and is not saved yet', async () => {
  await open('gateway');
  const [keep, syslog] = [key('audit-keep').locator('input'), key('audit-syslog').locator('input')];
  await keep.fill('300000');
  const held = await hold('PATCH', '/config');
  await button(page, 'Save').click();
  await held.asked;
  await keep.fill('250000'); // as it was before
  await syslog.fill('log.example.org');
  await held.release();
  await page.locator('.notice').filter({ hasText: 'Saved.' }).last().waitFor();
  await page.getByText('2 changes are not saved yet').waitFor();
  assert.deepEqual([await keep.inputValue(), await syslog.inputValue()], ['250000', 'log.example.org']);
  await button(page, 'Save').click();
  await until(() => settings.changes.length === 2, 'the rest is saved');
  assert.deepEqual(settings.changes, [{ gateway: { 'audit-keep': '300000' } }, { gateway: { 'audit-keep': '250000', 'audit-syslog': 'log.example.org' } }]);
  await until(async () => !(await page.locator('.save-bar').isVisible()), 'nothing is unsaved');
});

test('what was not saved when the session ended is there again after the login, for the same user alone', async () => {
  const NOBODY = refuse(401, 'no-session');
  const logIn = async (user) => {
    gateway.answers['POST /api/v1/session'] = { ...sessionWith(EVERYTHING), user };
    await labelled(page, 'User name').fill(user);
    await labelled(page, 'Password').fill('x');
    delete gateway.answers['PATCH /api/v1/config'];
    gateway.answers = { ...gateway.answers, ...settings.answers };
    await page.keyboard.press('Enter');
  };
  const endWhileEditing = async (value) => {
    await key('audit-syslog').locator('input').fill(value);
    gateway.answers['PATCH /api/v1/config'] = NOBODY;
    await button(page, 'Save').click();
    await page.getByText('your session has ended').waitFor();
  };
  await open('gateway');
  await endWhileEditing('tls://first:6514');
  await logIn('anna');
  await page.getByText('1 change is not saved yet').waitFor();
  assert.equal(await key('audit-syslog').locator('input').inputValue(), 'tls://first:6514');
  await button(page, 'Save').click();
  await page.getByText('Saved.').waitFor();
  await endWhileEditing('tls://second:6514');
  await logIn('berta');
  await page.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
  assert.equal(await key('audit-syslog').locator('input').inputValue(), 'tls://first:6514');
  await page.reload();
});

test('Back takes an open dialog with it', async () => {
  await open('users');
  await open('targets');
  await button(page, 'Remove web1').click();
  await page.locator('dialog[open]').waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
});

test('a new target that is not added yet is asked for before it is left, whichever key was written', async () => {
  await open('targets');
  await open('targets/+');
  await key('title').locator('input').fill('The one below the stairs');
  await page.goBack();
  await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await key('title').locator('input').inputValue(), 'The one below the stairs');
  await page.goBack();
  await button(page, 'Leave').click();
  await key('title').waitFor({ state: 'detached' });
  assert.equal(await page.locator('dialog').count(), 0);
});

const address = () => page.evaluate(() => location.hash);
const cancel = async () => {
  await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
};

test('what is refused leaves each place of the history where it was, before a reload and after one', async () => {
  for (const place of ['users', 'targets', 'gateway']) await open(place);
  const syslog = key('audit-syslog').locator('input');
  const write = () => syslog.fill('log.example.org');
  await write();
  await page.evaluate(() => history.go(-2));
  await cancel();
  assert.equal(await address(), '#/settings/gateway');
  await page.getByRole('link', { name: 'About' }).click();
  await cancel();
  assert.deepEqual([await address(), await syslog.inputValue()], ['#/settings/gateway', 'log.example.org']);
  await page.goBack();
  await button(page, 'Leave').click();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  assert.equal(await address(), '#/settings/targets');
  await page.goForward();
  await syslog.waitFor();
  assert.equal(await address(), '#/settings/gateway');
  await page.evaluate(() => history.go(-2));
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  await page.goForward();
  await page.goForward();
  await syslog.waitFor();
  await page.reload();
  await write();
  await page.goBack();
  await cancel();
  await button(page, 'Discard').click();
  await page.goBack();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
});

test('a second Back asks anew, and a place is left once', async () => {
  for (const place of ['users', 'targets', 'gateway']) await open(place);
  await key('audit-syslog').locator('input').fill('log.example.org');
  await page.goBack();
  const title = page.getByRole('heading', { name: 'Leave without saving?' });
  await title.waitFor();
  const first = await title.elementHandle();
  await page.goBack();
  await first.waitForElementState('hidden');
  await button(page, 'Leave').click();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  assert.deepEqual([await address(), await page.locator('dialog').count()], ['#/settings/targets', 0]);
});

test('two moves at once are taken back as one', async () => {
  for (const place of ['users', 'targets', 'gateway']) await open(place);
  const syslog = key('audit-syslog').locator('input');
  await syslog.fill('log.example.org');
  await page.evaluate(() => (history.back(), history.back()));
  await cancel();
  assert.deepEqual([await address(), await syslog.inputValue()], ['#/settings/gateway', 'log.example.org']);
  await button(page, 'Discard').click();
  await page.evaluate(() => history.go(-2));
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  assert.equal(await address(), '#/settings/users');
});

test('a new user that is not added yet is asked for before it is left, whatever was written', async () => {
  const writes = [
    () => labelled(page, 'User name').fill('dora'),
    () => labelled(page, 'Role').selectOption('Administrator'),
    async () => {
      await labelled(page, 'Role').selectOption('Custom');
      await labelled(page, 'Role').selectOption('ReadOnly');
    },
    async () => {
      await page.locator('summary').click();
      await labelled(page, 'Name in the client certificate').fill('cn:dora');
    },
    async () => {
      await page.getByRole('checkbox', { name: 'Make a password, shown once' }).uncheck();
      await labelled(page, 'Password').fill('a lamp');
    },
  ];
  for (const write of writes) {
    await open('users');
    await open('users/+');
    await write();
    await page.goBack();
    await cancel();
    await page.goBack();
    await button(page, 'Leave').click();
    await page.getByRole('link', { name: 'berta', exact: true }).waitFor();
  }
  await open('users/+');
  await labelled(page, 'Role').selectOption('Administrator');
  await labelled(page, 'Role').selectOption('Operator');
  await page.goBack();
  await page.getByRole('link', { name: 'berta', exact: true }).waitFor();
});

test('what is typed while the end of a trial loads the section anew stays', async () => {
  await open('gateway');
  await key('base-path').locator('input').fill('/kvm');
  await button(page, 'Save').click();
  await page.getByText('Addresses and names: changed by anna').waitFor();
  const held = await hold('GET', '/config');
  await button(page, 'Undo now').click();
  await held.asked;
  await key('audit-syslog').locator('input').fill('log.example.org');
  await held.release();
  await until(async () => !(await page.locator('.settings-room[aria-busy]').count()), 'the section is there');
  await page.waitForLoadState('networkidle');
  assert.equal(await key('audit-syslog').locator('input').inputValue(), 'log.example.org');
  await button(page, 'Discard').click();
});

test('a trial survives a reload, shows the new address, and is confirmed over a new connection', async () => {
  let refusals = 3;
  gateway.answers['POST /api/v1/pending-change/confirm'] = () => (refusals-- > 0 ? refuse(409, 'old-connection') : ((settings.pending = null), {}));
  await open('gateway');
  await key('base-path').locator('input').fill('/kvm');
  await button(page, 'Save').click();
  await page.getByText('Addresses and names: changed by anna').waitFor();
  await page.getByRole('link', { name: /Now the page is at http:\/\/localhost:8443\/kvm\// }).waitFor();
  await page.reload();
  await page.getByText('Addresses and names: changed by anna').waitFor();
  await button(page, 'Confirm').click();
  await page.getByText('The change is confirmed.').waitFor();
  assert.equal(refusals, -1, 'it was asked until the connection was new');
  await until(async () => !(await page.locator('.trial').isVisible()), 'nothing is on trial any more');
});

test('a trial that nobody confirms runs out before one’s eyes', async () => {
  settings.pending = { kind: 'login-rules', who: 'berta', seconds_left: 1 };
  await open('about');
  await page.getByText('Login rules: changed by berta').waitFor();
  settings.pending = null;
  await page.getByText('The time is over: the change is undone.').waitFor();
});

test('what waits for the gateway’s process begins by a button', async () => {
  gateway.answers['POST /api/v1/gateway/restart'] = () => ((settings.waiting = []), {});
  await open('media');
  await key('cache-memory').locator('input').fill('3M');
  await button(page, 'Save').click();
  await key('cache-memory').getByText('Give a value from 4M to 64G.').waitFor();
  await key('cache-memory').locator('input').fill('128M');
  await button(page, 'Save').click();
  await page.getByText('Waits for a restart of the gateway’s process: Cache in memory.').waitFor();
  await button(page, 'Restart it now').click();
  await page.locator('dialog').getByRole('button', { name: 'Restart it now' }).click();
  await page.getByText('The gateway’s process is new.').waitFor();
  assert.deepEqual(settings.changes.at(-1), { gateway: { 'cache-memory': '128M' } });
  await key('cache-memory').locator('input').fill('96M');
  await button(page, 'Save').click();
  await page.locator('.waiting:visible').waitFor();
  await page.evaluate(() => (location.hash = '#/settings/about'));
  await page.locator('.card').getByRole('button', { name: 'Restart it now' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Restart it now' }).click();
  await page.locator('.waiting').waitFor({ state: 'hidden' });
});

test('a dongle is made of devices that there are', async () => {
  const made = [];
  gateway.answers['POST /api/v1/targets'] = (body) => (made.push(body), (settings.targets[body.name] = settings.targets.card), settings.config);
  const seen = { kind: 'capture', works: true, busy: false, target: null, why: null, not_seen: null };
  gateway.answers['POST /api/v1/devices/test'] = ({ capture }) => (capture === '/dev/video0' ? { ...seen, works: null, busy: true, target: 'desk', card: 'bridge', not_seen: 'It was not opened.' } : { ...seen, device: capture, card: 'USB3 Video', timings: '1920x1080p60, 148500 kHz', formats: 'NV12, MJPEG' });
  await open('targets/+');
  await labelled(page, 'Machine with a cable').check();
  await labelled(page, 'Name').fill('bench');
  const stick = '/dev/v4l/by-id/usb-MACROSILICON_USB3-video-index0';
  await page.locator(`option[value="${stick}"]`).waitFor({ state: 'attached' });
  await key('capture').locator('select').selectOption('/dev/video0');
  await button(page, 'Capture device: Test').click();
  await page.getByText('bridge – used by desk — It was not opened.').waitFor();
  await key('capture').locator('select').selectOption(stick);
  await button(page, 'Capture device: Test').click();
  await page.getByText('It can be used. — USB3 Video · 1920x1080p60, 148500 kHz · NV12, MJPEG').waitFor();
  await checkView(page, 'settings-add-dongle');
  await page.locator('form').getByRole('button', { name: 'Add target' }).click();
  await until(() => made.length, 'it is asked for');
  assert.deepEqual(made, [{ name: 'bench', settings: { machine: 'dongle', capture: stick } }]);
});

test('controllers and lines are tried too, of a new dongle and of one that there is', async () => {
  const tried = [];
  const seen = { works: true, busy: false, target: null, why: null, not_seen: null };
  gateway.answers['POST /api/v1/devices/test'] = (device) => {
    tried.push(device);
    if (device.gpio) return { ...seen, kind: 'gpio', device: device.gpio, label: 'pinctrl-bcm2711', line: 'PWR_BTN', direction: 'input' };
    return { ...seen, kind: 'udc', device: device.udc, works: false, busy: true, state: 'configured', why: 'Another gadget has it.' };
  };
  gateway.answers['GET /api/v1/session'] = { ...sessionWith(EVERYTHING), grants: [{ target: 'desk', rights: ['view', 'configure'] }] };
  await open('targets/desk');
  assert.equal(await page.getByRole('button', { name: 'Test' }).count(), 0, 'devices are the gateway’s');
  gateway.answers['GET /api/v1/session'] = sessionWith(EVERYTHING);
  await open('targets/desk');
  await button(page, 'USB controller: Test').click();
  await key('udc').getByText('Another gadget has it.').waitFor();
  await button(page, 'Capture device: Test').click(); // the file has it, its device can be tried all the same
  await until(() => tried.length === 2, 'both are asked for');
  await checkView(page, 'settings-test-dongle');
  await open('targets/+');
  await labelled(page, 'Machine with a cable').check();
  await button(page, 'USB controller: Test').click();
  await key('udc').getByText('Choose a device first.').waitFor();
  await page.locator('option[value="fe980000.usb"]').waitFor({ state: 'attached' });
  await key('udc').locator('select').selectOption('fe980000.usb');
  await button(page, 'USB controller: Test').click();
  await key('udc').getByText('configured — Another gadget has it.').waitFor();
  await key('gpio-power-button').locator('input').fill('gpiochip0:17,active-low');
  await button(page, 'Power button: Test').click();
  await key('gpio-power-button').getByText('It can be used. — PWR_BTN · pinctrl-bcm2711 · input').waitFor();
  assert.deepEqual(tried, [{ udc: 'fe980000.usb' }, { capture: '/dev/video0' }, { udc: 'fe980000.usb' }, { gpio: 'gpiochip0:17' }]);
});

test('in every language: chosen in the user menu, whole, and no wider than a telephone', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [language, name, heading] of [['de', 'Deutsch', 'Einstellungen'], ['es', 'Español', 'Ajustes'], ['fr', 'Français', 'Réglages'], ['zh', '中文', '设置'], ['en', 'English', 'Settings']]) {
    await button(page, 'anna').click();
    await page.getByRole('menuitemradio', { name, exact: true }).click();
    await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    for (const place of ['gateway', 'targets/web1', 'targets/+', 'users/carl', 'certificates', 'directory', 'backup', 'audit']) {
      await page.evaluate((hash) => (location.hash = hash), `#/settings/${place}`);
      await page.waitForFunction((hash) => location.hash === hash && document.querySelector('.settings-room:not([aria-busy]) > *'), `#/settings/${place}`);
      const text = await page.locator('main').innerText();
      assert.doesNotMatch(text, /\b(settings|words|app|account)\.[a-z]/, `${language} ${place}: a key is shown`);
      assert.equal(await page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth)), 0, `${language} ${place} is too wide`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('backup and audit send what was typed', async () => {
  const sent = [];
  gateway.answers['POST /api/v1/backup'] = (body) => (sent.push(body), { sealed: true });
  await open('backup');
  await labelled(page, 'Passphrase').fill('short');
  await button(page, 'Download the backup').click();
  await page.getByText('Give at least 12 characters.').waitFor();
  for (const label of ['Passphrase', 'Passphrase again']) await labelled(page, label).fill('correct horse battery');
  await button(page, 'Download the backup').click();
  await page.getByText('The backup is made.').waitFor();
  assert.deepEqual(sent, [{ passphrase: 'correct horse battery' }]);
  assert.equal(await labelled(page, 'Passphrase').inputValue(), '', 'it does not stay in the page');
  gateway.answers['GET /api/v1/audit?limit=50&who=berta&what=config*'] = { lines: [{ number: 7, time: 1795000000, who: 'berta\u202etxt', what: 'config-changed', target: '', detail: 'found' }], next: null };
  await open('audit');
  await labelled(page, 'Who').fill('berta');
  await labelled(page, 'What').fill('config*');
  await button(page, 'Show').click();
  await page.getByRole('cell', { name: 'found' }).waitFor();
  await page.getByText('berta\\u202etxt').waitFor(); // what turns the direction is shown as what it is
  assertQuiet(page);
});
