/* Hostile strings in everything that the page shows, under the policy of the real gateway: no script runs, nothing is
 * injected, and what was written is read as text. A gateway that lies in every field first, then the real one with what can
 * be brought into it: names of images and users, addresses, programs' names. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, logIn, newPage, openConsole, openTab, setUp, shot } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { emptyDrive, FakeMedia } from './fake_media.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { assertHarmless, hostile, hostileName, long, watch } from './hostile.mjs';
import { until } from './until.mjs';

const ALL = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit', 'library', 'users'];
const NOW = Math.floor(Date.now() / 1000);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A gateway every word of which is an attack. @param {(mark: string) => string} evil */
async function lyingGateway(evil) {
  const gateway = await FakeGateway.create();
  const media = new FakeMedia(gateway, 2);
  const device = (/** @type {string} */ mark) => evil(mark).slice(0, 512); // as long as what devices say ever is
  const usb = {
    state: 'configured', bound: true, personality: device('usb-name'), words: device('usb-words'), automatic: true, found: false,
    offer: { name: device('offer-name'), words: device('offer-words') }, why: device('usb-why'), why_id: device('usb-why-id'), left_out: device('usb-left'), left_out_parts: [{ id: device('usb-left-id'), functions: [], endpoints: [] }, { id: 'no-in', functions: [device('usb-function')], endpoints: [device('usb-endpoints')] }], trouble: device('usb-trouble'), wakeup: true,
    keyboard_interval_us: 8000, choices: [{ name: device('choice-name'), words: device('choice-words') }], events: [{ time: NOW, id: device('usb-event-id'), args: [device('usb-event-arg')], text: device('usb-event') }, { time: NOW, id: 'usb-switched', args: [device('usb-name'), device('usb-why-id'), device('usb-event-why')], text: '' }],
  };
  const target = {
    name: 'pc', machine: evil('machine'), power: 'on', signal: { name: 'no-signal', why: evil('signal-why') }, mode: null, viewers: 1,
    seat: { holder: evil('card-holder'), shared: false }, drives: [], leds: { num: false, caps: false, scroll: false },
    vm: { state: 'failed', why: evil('vm-why'), log: [evil('vm-log')] }, usb, capture: true,
  };
  Object.assign(media.drives[0], emptyDrive(0), {
    phase: 'inserted', kind: 'cdrom', medium: evil('medium'), origin: 'url', url: evil('medium-url'), size: 5e6, words: evil('drive-words'),
    firmware: evil('drive-firmware'), reason: evil('drive-reason'),
  });
  Object.assign(media.drives[1], emptyDrive(1), { phase: 'failed', reason: evil('failed-reason') });
  media.images = [
    { name: evil('image-name'), size: 4e6, modified: NOW, kind: 'cdrom', usable: true, why: evil('image-why'), folder: false, in_use: false },
    { name: evil('unusable-name'), size: 4e6, modified: NOW, kind: 'disk', usable: false, why: evil('unusable-why'), folder: false, in_use: false },
  ];
  media.facts[media.images[0].name] = { format: evil('image-format'), label: evil('image-label'), firmware: evil('image-firmware'), sha256: null };
  media.uploads = [{ id: 'u1', name: evil('upload-name'), folder: null, phase: 'failed', size: 5, offset: 2, unpacked: 0, rate: 0, seconds_left: null, who: evil('who'), why: evil('upload-why'), sha256: null }];
  const listed = { ...target, drives: [media.drives[0]] };
  delete gateway.answers['GET /api/v1/targets/pc'];
  Object.assign(gateway.answers, {
    'GET /api/v1/session': { ...sessionWith(ALL), user: evil('user'), role: evil('role') },
    'GET /api/v1/targets': { targets: [listed, { ...listed, name: evil('target'), vm: null }] },
    'GET /api/v1/targets/pc': listed,
    'GET /api/v1/targets/pc/usb': usb,
    'GET /api/v1/targets/pc/capture': Object.fromEntries(
      ['driver', 'card', 'bus', 'input', 'format', 'memory', 'timings', 'offered', 'why', 'priority'].map((key) => [key, device(`capture-${key}`)]).concat([['has_edid', true]]),
    ),
    'GET /api/v1/targets/pc/edid': { present: true, manufacturer: device('edid-maker'), name: device('edid-name'), serial: device('edid-serial'), width: 1, height: 1, refresh_millihertz: 1, preset: device('preset'), presets: [device('preset')] },
    'GET /api/v1/targets/pc/screenshot?width=480&format=jpeg': { status: 409, error: { code: 'no-picture', message: evil('shot-why') } },
    'GET /api/v1/account': { user: evil('user'), second_factor: false, origin: 'local', certificate: false },
    'GET /api/v1/account/tokens': { tokens: [{ id: evil('id'), name: evil('token-name'), created: NOW, expires: NOW, used: null, grants: [{ target: evil('scope-target'), rights: [evil('scope-right')] }] }] },
    'GET /api/v1/sessions': { sessions: [{ id: 2, user: evil('session-user'), kind: evil('session-kind'), peer: evil('session-peer'), agent: evil('session-agent'), created: NOW, used: NOW, current: false }] },
    'DELETE /api/v1/sessions/2': { status: 409, error: { code: evil('code'), message: evil('refusal') } },
    'POST /api/v1/account/totp': { secret: evil('totp-secret'), uri: 'otpauth://totp/<img src=x onerror=planted()>' },
    'GET /api/v1/layouts': { layouts: [evil('layout')] },
    'POST /api/v1/targets/pc/type': { status: 422, error: { code: 'cannot-type', message: evil('type-why') } },
    'POST /api/v1/targets/pc/power': { status: 409, error: { code: 'not-now', message: evil('power-why') } },
  });
  return { gateway, media };
}

/** Opens a page that watches for what must not happen. */
async function watchedPage(options = {}) {
  const page = await newPage(browser, options);
  await page.context().addInitScript(watch);
  page.setDefaultTimeout(60000); // long lines are slow to lay out where there is much else to do
  return page;
}

const dialogGone = async (page) => {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
};

for (const [name, evil, options] of [
  ['attacks', hostile, {}],
  ['10 KB in a word', long, { viewport: { width: 360, height: 740 } }],
])
  test(`a gateway whose every word is hostile: ${name}`, async (t) => {
    const { gateway } = await lyingGateway(evil);
    const page = await watchedPage(options);
    t.after(async () => {
      await page.context().close();
      gateway.destroy();
    });
    const harmless = (view, ...marks) => assertHarmless(page, view, marks);

    await page.goto(`${gateway.url}/#/`);
    await page.locator('target-card').nth(1).waitFor();
    await harmless('list', 'user', 'target', 'card-holder', 'vm-why', 'medium');
    await page.locator('.page-head button').last().click();
    await harmless('user menu', 'role');
    await shot(page, `hostile-list-${evil.name}`);

    await page.getByRole('menuitem', { name: 'Account …', exact: true }).click();
    await page.getByRole('tab', { name: 'API tokens' }).click();
    await page.locator('.row').first().waitFor();
    await harmless('tokens', 'token-name', 'scope-target', 'scope-right');
    await button(page, 'New token').click();
    await labelled(page, 'Only what I choose').check();
    await harmless('new token', 'target');
    await page.getByRole('tab', { name: 'Sessions' }).click();
    await page.getByRole('tabpanel').locator('.row').first().waitFor();
    await harmless('sessions', 'session-peer', 'session-agent', 'session-kind');
    await page.getByRole('tabpanel').locator('.row button').first().click();
    await page.getByRole('tabpanel').locator('.message:not(:empty)').waitFor();
    await harmless('refused', 'refusal');
    await page.getByRole('tab', { name: 'Second factor' }).click();
    await button(page, 'Set up').click();
    await page.locator('svg.qr').waitFor();
    await harmless('second factor');
    await dialogGone(page);

    await openConsole(page, gateway, 'pc');
    const console = await gateway.connection(0);
    await page.getByText('vm-why').first().waitFor();
    await harmless('machine that did not start', 'vm-why', 'vm-log');
    gateway.answers['GET /api/v1/targets/pc'] = { ...gateway.answers['GET /api/v1/targets/pc'], vm: null };
    console.noPicture(2, evil('no-picture').slice(0, 500));
    const short = (mark) => evil(mark).slice(0, 60).replace(/[^ -~]/g, '');
    console.seats({ flags: ['mine', 'mayType', 'mayTake'], viewers: 2, holder: 1, name: short('holder'), askers: [{ number: 1, name: short('asker') }] });
    await page.locator('.notice', { hasText: 'asks for the keyboard' }).waitFor();
    await page.getByText('no-picture').first().waitFor();
    await harmless('console', 'no-picture', 'asker');
    await shot(page, `hostile-console-${evil.name}`);
    console.seats({ flags: ['mayType', 'mayTake'], viewers: 2, holder: 1, name: short('holder') });
    await page.locator('status-strip').getByText('holder').waitFor();
    await harmless('seat', 'holder');

    await button(page, 'More').click();
    await page.getByRole('menuitem', { name: 'USB & video …' }).click();
    await page.getByText('usb-trouble').first().waitFor();
    await page.getByText('capture-card').first().waitFor();
    await harmless('USB and video', 'usb-trouble', 'usb-left', 'choice-name', 'choice-words', 'usb-event', 'capture-card', 'edid-name', 'preset');
    await dialogGone(page);

    await button(page, 'Media').click();
    await page.locator('dialog').getByText('image-name').first().waitFor();
    await harmless('media', 'medium', 'failed-reason', 'image-name', 'unusable-why');
    await page.locator('dialog .image input').first().check();
    await page.getByText('image-label').first().waitFor();
    await harmless('image', 'image-label', 'image-firmware');
    await shot(page, `hostile-media-${evil.name}`);
    await dialogGone(page);

    await button(page, 'Power').click();
    await page.getByRole('menuitem', { name: 'Shut down (ACPI)' }).click();
    await page.locator('.notice', { hasText: 'power-why' }).waitFor();
    await harmless('notice', 'power-why');

    gateway.answers['GET /api/v1/session'] = { status: 401, error: { code: 'no-session', message: 'x' } };
    gateway.answers['POST /api/v1/session'] = { status: 401, error: { code: 'bad-login', message: evil('login-why') } };
    console.end(3, evil('end-why').slice(0, 500));
    await labelled(page, 'User name').waitFor();
    await harmless('logged out', 'end-why');
    await labelled(page, 'User name').fill(evil('typed'));
    await labelled(page, 'Password').fill('x');
    await page.keyboard.press('Enter');
    await page.locator('.message:not(:empty)').waitFor();
    await harmless('login', 'login-why');
    assertQuiet(page);
  });

test('hostile names and programs on a real gateway', async () => {
  const gateway = await Gateway.create({ pc: { machine: 'qemu', firmware: 'bios', drives: 1 } });
  const names = [`${hostileName('image-name')}.iso`, `spaced <script>planted()</script>.img`.replace('/', '\u2215')];
  mkdirSync(gateway.path('images'));
  for (const name of names) writeFileSync(gateway.path(`images/${name}`), Buffer.alloc(65536));
  try {
    await gateway.start();
    const page = await watchedPage({ userAgent: `session-agent${hostile('').slice(0, 100)}` });
    await setUp(page, gateway);
    await page.context().clearCookies();
    await page.reload();
    await logIn(page);
    await page.getByRole('heading', { name: 'Targets' }).waitFor();
    await assertHarmless(page, 'list', []);
    await openConsole(page, gateway, 'pc');
    await button(page, 'Media').click();
    await page.locator('dialog').getByText('image-name').first().waitFor();
    await assertHarmless(page, 'library', ['image-name']);
    await page.getByRole('tab', { name: 'Address' }).click();
    const address = page.locator('dialog [role="tabpanel"]:not([hidden]) input').first();
    await address.fill('javascript:planted()');
    await until(() => button(page, 'Insert').isDisabled(), 'no address that a gateway could ask');
    await address.fill(`https://localhost:1/${encodeURI('<img src=x onerror=planted()>')}.iso`);
    await button(page, 'Insert').click();
    await until(() => page.locator('dialog .message:not(:empty), dialog .error:not(:empty)').first().isVisible(), 'the address is refused');
    await assertHarmless(page, 'address', []);
    await dialogGone(page);
    // a second tab by another program's name, and a token with a name of its own
    const other = await openTab(page.context());
    await other.goto(`${gateway.url}/#/`);
    await other.getByRole('heading', { name: 'Targets' }).waitFor();
    await button(other, CREDENTIALS.user).click();
    await other.getByRole('menuitem', { name: 'Account …', exact: true }).click();
    await other.getByRole('tab', { name: 'API tokens' }).click();
    await button(other, 'New token').click();
    await labelled(other, 'Name').fill('token-name<img src=x onerror=planted()>');
    await button(other, 'Make token').click();
    await other.locator('.secret, dialog form .message:not(:empty), dialog form .error:not(:empty)').first().waitFor(); // taken or refused
    await assertHarmless(other, 'token', []);
    await other.getByRole('tab', { name: 'Sessions' }).click();
    await other.getByText('session-agent').first().waitFor();
    await assertHarmless(other, 'sessions', ['session-agent']);
    await other.goto(`${gateway.url}/#/targets/${encodeURIComponent('<img src=x onerror=planted()>')}`);
    await other.getByText('There is no target').first().waitFor();
    await assertHarmless(other, 'no such target', []);
    await other.context().clearCookies();
    await other.reload();
    await labelled(other, 'User name').fill('<script>planted()</script>');
    await labelled(other, 'Password').fill('<script>planted()</script>');
    await other.keyboard.press('Enter');
    await other.locator('.message:not(:empty)').waitFor();
    await assertHarmless(other, 'login', []);
    assertQuiet(other);
    assertQuiet(page);
    await page.context().close();
  } finally {
    await gateway.destroy();
  }
});
