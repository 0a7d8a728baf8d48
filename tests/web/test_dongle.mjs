/* What a dongle brings, as the page shows it: each state of the signal with its reason and what helps, the dialog for USB
 * and video, and the offer of another personality. The gateway is a fake one, because every state must be had at will;
 * at the end a real one, whose dongle has neither capture device nor USB controller. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { body, op } from './bodies.mjs';
import { assertQuiet, button, labelled, launch, newPage, openConsole, packageFile, setUp, shot } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { build, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');
const CHOICES = ['full', 'keyboard', 'drive', 'keyboard+drive', 'storage-first'].map((name) => ({ name, words: `as ${name}` }));
const WHY = 'The target’s firmware has not read the drive in time.';
const UNREAD = { why: 'The target\'s firmware has not read the drive in time.', why_id: 'drive-unread' };
const HAPPENED = [
  ['usb-switched', ['drive', UNREAD.why_id, UNREAD.why]],
  ['boot-keys-not-shown', ['boot menu']],
  ['usb-failed', ['The controller is busy.']],
].map(([id, args]) => ({ number: 1, time: 1780000000, kind: 'usb', tone: 'info', id, args, text: 'As the gateway says.' }));
const EDID = {
  present: true, manufacturer: 'LSO', name: 'lightsout', serial: '', width: 1920, height: 1080, refresh_millihertz: 60000, hdmi: true,
  audio: false, preset: '1080p60', hex: '', presets: ['1080p60', '1080p50', '1200p60', '720p60'],
};
const CAPTURE = {
  driver: 'tc358743', card: 'HDMI receiver', bus: 'platform:fe801000.csi', input: 'HDMI', format: 'UYVY, 4 buffers',
  memory: 'cached, mapped: 3.1 GB/s', timings: '1920x1080p60, 148500 kHz', offered: 'UYVY, RGB3',
  why: 'UYVY: half the bytes of RGB3 over this receiver’s lanes', has_edid: true, statistics: {},
};

let gateway, browser, page, connection, usb, edid, asked;

function show() {
  const target = gateway.answers['GET /api/v1/targets/pc'];
  const { state, personality, offer, why, why_id, trouble } = usb;
  gateway.answers['GET /api/v1/targets/pc'] = { ...target, capture: true, usb: { state, personality, offer, why, why_id, trouble } };
}

const refusal = (status, code, message) => ({ status, error: { code, message } });

before(async () => {
  gateway = await FakeGateway.create();
  usb = {
    state: 'configured', bound: true, personality: 'full', words: '', automatic: true, found: false, offer: null, why: '', why_id: null, left_out: '', left_out_parts: [],
    trouble: 'one function is busy', wakeup: true, keyboard_interval_us: 8000, choices: CHOICES, events: HAPPENED,
  };
  edid = EDID;
  asked = [];
  gateway.answers['GET /api/v1/session'] = sessionWith(['view', 'input', 'media', 'power', 'configure']);
  Object.defineProperties(gateway.answers, {
    'GET /api/v1/targets/pc/usb': { get: () => usb },
    'GET /api/v1/targets/pc/edid': { get: () => edid },
  });
  gateway.answers['GET /api/v1/targets/pc/capture'] = CAPTURE;
  gateway.answers['PUT /api/v1/targets/pc/usb'] = ({ personality }) => {
    asked.push(personality);
    if (personality === 'drive') return refusal(409, 'usb-busy', 'The target reads drive 0: eject it first.');
    usb = { ...usb, automatic: personality === 'auto', personality: personality === 'auto' ? 'full' : personality };
    return usb;
  };
  gateway.answers['POST /api/v1/targets/pc/usb/accept-offer'] = () => {
    asked.push('accept');
    usb = { ...usb, personality: usb.offer.name, offer: null, why: '', why_id: null };
    show();
    return usb;
  };
  gateway.answers['PUT /api/v1/targets/pc/edid'] = (change) => {
    asked.push(change);
    if (change.hex?.startsWith('bad')) return refusal(422, 'bad-edid', 'The checksum of block 0 is wrong: the file is damaged or was edited.');
    edid = change.preset ? { ...EDID, preset: change.preset, height: 1200 } : { ...EDID, preset: null, name: 'mine' };
    return edid;
  };
  show();
  browser = await launch();
  page = await newPage(browser);
  await openConsole(page, gateway, 'pc');
  connection = await gateway.connection(0);
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

/** No serious finding, and nothing wider than the page. @param {string} name of the picture that is kept */
async function check(name) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axe};0`);
  const findings = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`);
  });
  assert.deepEqual(findings, [], name);
  const tooWide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('.dialog-body')].some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth));
  assert.ok(!tooWide, `${name} is too wide`);
  await shot(page, name);
}

const cover = () => page.locator('.cover-card');

/** Number, heading, a word of what helps, the button. */
const STATES = [
  [1, 'Powered off', /Power menu/, 'Power on'],
  [2, 'No video signal', /plugged in at both ends/, 'USB & video …'],
  [3, 'Unstable video signal', /shorter cable/, 'USB & video …'],
  [4, 'Video mode out of range', /lower resolution/, 'USB & video …'],
  [5, 'Video mode not supported', /capture-format/, 'USB & video …'],
  [6, 'Capture device is gone', /Plug it in again/, null],
  [7, 'Starting', /few seconds/, null],
];

for (const [signal, heading, helps, action] of STATES)
  test(`without a picture: ${heading}`, async () => {
    connection.noPicture(signal, '');
    await page.getByRole('heading', { name: heading }).waitFor();
    await until(() => cover().textContent().then((text) => helps.test(text)), 'it is told what helps');
    await until(async () => (await cover().getByRole('button').count()) === (action ? 1 : 0), 'what can be done about it is offered');
    const reason = await cover().locator('p').textContent();
    assert.ok(reason.length > 20 && reason !== heading, `${heading} has a reason: ${reason}`);
    assert.deepEqual(await cover().getByRole('button').allTextContents(), action ? [action] : []);
    await check(`signal-${heading.toLowerCase().replaceAll(' ', '-')}`);
    connection.noPicture(signal, 'The driver knows better.');
    if (heading !== 'Powered off') return cover().getByText('The driver knows better.').waitFor();
    // that a machine is off is said in the reader's language alone
    connection.noPicture(2, 'The driver knows better.');
    await cover().getByText('The driver knows better.').waitFor();
    connection.noPicture(signal, 'The driver knows better.');
    await until(() => cover().textContent().then((text) => text.includes(heading)), 'the machine is off again');
    assert.equal(await cover().locator('p').textContent(), reason);
  });

test('on a small screen the longest of them is there in full', async () => {
  connection.noPicture(2, '');
  await page.setViewportSize({ width: 360, height: 480 });
  await cover().getByText('choose an EDID under USB & video').waitFor();
  const last = cover().getByRole('button', { name: 'USB & video …' });
  await last.scrollIntoViewIfNeeded();
  assert.ok(await last.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    const stage = element.closest('.cover').getBoundingClientRect();
    return top >= stage.top && bottom <= stage.bottom;
  }), 'the button can be reached');
  await page.locator('.cover').evaluate((element) => element.scrollTo(0, 0));
  assert.ok(await cover().evaluate((element) => element.getBoundingClientRect().top >= element.closest('.cover').getBoundingClientRect().top), 'nothing is cut off above');
  await check('small-signal-no-video-signal');
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a target that is off can be powered on from there', async () => {
  const target = gateway.answers['GET /api/v1/targets/pc'];
  gateway.answers['GET /api/v1/targets/pc'] = { ...target, power: 'off' };
  connection.noPicture(2, 'No signal.');
  await cover().getByRole('button', { name: 'Power on' }).waitFor();
  gateway.answers['GET /api/v1/targets/pc'] = target;
});

test('the cover leads to what the target is told', async () => {
  connection.noPicture(4, '');
  await cover().getByRole('button', { name: 'USB & video …' }).click();
  await page.getByText('HDMI receiver').waitFor();
  assert.deepEqual(await page.locator('dialog h3').allTextContents(), ['Video', 'USB']);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});

test('the picture takes it all away', async () => {
  connection.mode(320, 192);
  await connection.acked(connection.update(body([op.solid([0, 0, 20, 12], [30, 90, 30])]), { exact: true }));
  await until(() => page.locator('.cover').isHidden(), 'the cover is gone');
});

test('the dialog tells what there is', async () => {
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: 'USB & video …' }).click();
  await page.getByText('HDMI receiver').waitFor();
  await page.getByText('In use by the target').waitFor();
  await page.getByText('One function is busy.', { exact: true }).waitFor();
  assert.ok(await labelled(page, 'Automatic').isChecked());
  assert.equal(await page.getByRole('radio').count(), 6);
  assert.ok(await button(page, 'Switch').isDisabled());
  await page.getByText('The target is told: 1080p60 (1920 × 1080, 60 Hz), shown as LSO lightsout.').waitFor();
  await page.getByText('What happened').click();
  await page.getByText(`Changed to “Drives only”. ${WHY}`).waitFor();
  await page.getByText('Its USB does not work: The controller is busy.').waitFor();
  await check('light-usb-video');
  await page.locator('.dialog-body').evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await shot(page, 'light-usb-video-below');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('.dialog-body').evaluate((element) => element.scrollTo(0, 0));
  await check('small-usb-video');
  await page.locator('.dialog-body').evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await check('small-usb-video-below');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('another personality', async () => {
  await page.locator('.choice', { hasText: 'Keyboard only' }).click();
  await button(page, 'Switch').click();
  await until(() => asked.length > 0, 'it is asked for');
  await until(() => button(page, 'Switch').isDisabled(), 'it is set');
  assert.deepEqual(asked.splice(0), ['keyboard']);
  assert.ok(await labelled(page, 'Keyboard only').isChecked());
  await labelled(page, 'Drives only').check();
  await button(page, 'Switch').click();
  await page.getByText('The target reads drive 0: eject it first.').waitFor();
  assert.ok(await labelled(page, 'Drives only').isChecked(), 'what was chosen stays, to be tried again');
  await labelled(page, 'Automatic').check();
  await button(page, 'Switch').click();
  await page.getByText('Now: Everything, still being tried.').waitFor();
  assert.deepEqual(asked.splice(0), ['drive', 'auto']);
});

test('an EDID by preset and from files', async () => {
  await labelled(page, 'What the target is told (EDID)').selectOption('1200p60');
  await button(page, 'Set').click();
  await page.getByText('The target is told: 1200p60').waitFor();
  assert.deepEqual(asked.splice(0), [{ preset: '1200p60' }]);
  const files = labelled(page, 'EDID file');
  await files.setInputFiles({ name: 'a.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 255, 255, 16]) });
  await page.getByText('The target is told: One of your own').waitFor();
  await files.setInputFiles({ name: 'b.txt', mimeType: 'text/plain', buffer: Buffer.from('bad text\n') });
  await page.getByText('The checksum of block 0 is wrong').waitFor();
  await files.setInputFiles({ name: 'c.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(5000) });
  await page.getByText('c.bin has 5,000 bytes; an EDID has at most 512.').waitFor();
  assert.deepEqual(asked.splice(0), [{ hex: '00ffff10' }, { hex: 'bad text' }]);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});

test('an offer is a notice with a button', async () => {
  usb = { ...usb, ...UNREAD, offer: { name: 'storage-first', words: 'drives first' } };
  show();
  connection.changed();
  const notice = page.locator('.notice', { hasText: WHY });
  await notice.waitFor();
  assert.match(await notice.textContent(), /Switch USB to “Drives first”\?/);
  connection.changed(); // says nothing new
  await check('usb-offer');
  assert.equal(await notice.count(), 1);
  await notice.getByRole('button', { name: 'Switch' }).click();
  await page.getByText('The target now sees: Drives first.').waitFor();
  assert.deepEqual(asked.splice(0), ['accept']);
  await notice.waitFor({ state: 'detached' });
});

test('an offer that is withdrawn takes its notice away', async () => {
  usb = { ...usb, ...UNREAD, offer: { name: 'keyboard', words: 'a keyboard' } };
  show();
  connection.changed();
  const notice = page.locator('.notice', { hasText: WHY });
  await notice.waitFor();
  usb = { ...usb, why: '', why_id: null, offer: null };
  show();
  connection.changed();
  await notice.waitFor({ state: 'detached' });
});

test('in German all of it is, but what the kernel says', async () => {
  usb = {
    ...usb, ...UNREAD, trouble: '', left_out: 'consumer keys (the USB controller has 3 IN endpoints)', left_out_parts: [{ id: 'no-in', functions: ['consumer'], endpoints: [3] }],
    offer: { name: 'storage-first', words: 'drives first' },
  };
  show();
  const german = await newPage(browser);
  try {
    await german.addInitScript(() => localStorage.setItem('lightsout.language', 'de'));
    await openConsole(german, gateway, 'pc');
    const why = 'Die Firmware des Zielrechners hat das Laufwerk nicht rechtzeitig gelesen.';
    await german.locator('.notice', { hasText: `${why} USB auf „Laufwerke zuerst“ umschalten?` }).waitFor();
    await button(german, 'Mehr').click();
    await german.getByRole('menuitem', { name: 'USB und Video …' }).click();
    const panel = german.locator('dialog section', { has: german.getByRole('heading', { name: 'USB', exact: true }) });
    await panel.locator('.offer', { hasText: why }).waitFor();
    await panel.getByText('Weggelassen: Medientasten (der USB-Controller hat 3 IN-Endpunkte).').waitFor();
    await panel.getByText('Was geschah').click();
    await panel.getByText(`Umgeschaltet auf „Nur Laufwerke“. ${why}`).waitFor();
    await panel.getByText('Auf dem Bildschirm erschien nie „boot menu“.').waitFor();
    await panel.getByText('USB funktioniert nicht: The controller is busy.').waitFor();
    assert.doesNotMatch(await panel.textContent(), /\b(the target|firmware has|as the gateway|changed to|drives only)\b/i);
    await shot(german, 'usb-german');
    assertQuiet(german);
  } finally {
    await german.context().close();
    usb = { ...usb, why: '', why_id: null, left_out: '', left_out_parts: [], offer: null };
    show();
  }
});

test('the browser complained of nothing', () => assertQuiet(page));

test('a real gateway without the dongle’s devices tells so, and takes what is chosen', async () => {
  const real = await Gateway.create({
    desk: { machine: 'dongle', capture: '/dev/no-capture-of-a-test', udc: 'no-controller-of-a-test' },
  });
  const own = await newPage(browser);
  const client = (/** @type {string[]} */ ...args) =>
    JSON.parse(execFileSync(join(build, 'gateway/lightsout'), ['--socket', real.path('state/run/control.sock'), '--json', ...args]).toString());
  try {
    await real.start();
    await setUp(own, real);
    await openConsole(own, real, 'desk');
    await own.getByRole('heading', { name: 'Capture device is gone' }).waitFor();
    await own.getByText('Plug it in again: it is found by itself.').waitFor();
    await button(own, 'More').click();
    await own.getByRole('menuitem', { name: 'USB & video …' }).click();
    await own.getByText(/^(The USB controller is gone|Not possible now)$/).waitFor();
    await own.getByText('There is no capture device now').waitFor();
    await shot(own, 'dongle-without-devices');

    assert.equal(client('usb', 'desk').automatic, true);
    assert.equal(client('edid', 'desk').present, false);
    assert.equal(client('edid', 'desk', '--preset', '720p60').width, 1280);
    assert.equal(client('capture', 'desk').has_edid, false);
    assertQuiet(own);
  } finally {
    await own.context().close();
    await real.destroy();
  }
});
