/* The page's part of virtual media, against a fake gateway, because every state and fault must be had at will: the dialog,
 * files of this computer, uploads, rights. What the real gateway and a real machine make of it is tested elsewhere. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { assertQuiet, button, inFirefox, labelled, launch, newPage, once, openConsole, packageFile, shot } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';
import { FakeMedia, emptyDrive } from './fake_media.mjs';
import { until } from './until.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');
const ALL = ['view', 'input', 'media', 'library', 'power', 'configure'];
const image = (name, size, more = {}) => ({ name, size, modified: 0, kind: /iso$/.test(name) ? 'cdrom' : 'disk', usable: true, why: '', folder: false, in_use: false, ...more });
const FIRMWARE = 'A CD that BIOS and UEFI machines start from.';

let gateway, media, browser, page, folder, iso, isoBytes;

/** @param {string[]} rights */
const as = (rights) => (gateway.answers['GET /api/v1/session'] = sessionWith(rights));

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lightsout-media-'));
  isoBytes = Buffer.from(Uint32Array.from({ length: 300000 }, (_, i) => i * 2654435761).buffer);
  iso = file('debian-12.iso', isoBytes);
  gateway = await FakeGateway.create();
  as(ALL);
  browser = await launch();
  page = await newPage(browser, { colorScheme: 'light' });
  page.on('dialog', (dialog) => dialog.accept()); // the browser’s question whether to leave
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const peer of media?.peers ?? []) peer.socket.destroy();
  gateway.handlers.length = 0;
  media = new FakeMedia(gateway, 3);
  media.images = [image('debian-12.iso', 658505728), image('windows-drivers.iso', 6e8, { in_use: true }), image('broken.img', 0, { usable: false, why: 'empty' }), image('stick.img', 8e9)];
  media.facts['debian-12.iso'] = { label: 'Debian 12.5.0 amd64 1', firmware: FIRMWARE, boots: ['bios', 'uefi'], hybrid: true };
});

function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  utimesSync(path, 1780000000, 1780000000);
  return path;
}

async function open() {
  await page.goto('about:blank');
  await openConsole(page, gateway, 'pc');
  await button(page, 'Media').click();
  await page.getByRole('heading', { name: 'Drive 0' }).waitFor();
}

const tab = (name) => page.getByRole('tab', { name }).click();
const row = (index) => page.locator('.drive').nth(index);
const rowSays = (index, words) => until(async () => words.test((await row(index).innerText()).replace(/\s+/g, ' ')), `drive ${index} says ${words}`);
const pick = (path, what = 'media') => page.locator(`input[data-for="${what}"]`).setInputFiles(path);
const closeDialog = async () => {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
};
const asked = (method, path) => media.asked.filter((one) => one.method === method && one.path === path).map(({ body }) => body);

/** No serious finding, and nothing wider than its place. @param {string} name of the picture that is kept */
async function check(name) {
  if (!inFirefox && !(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axe};0`);
  const findings = inFirefox ? [] : await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`);
  });
  assert.deepEqual(findings, [], name);
  const tooWide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.dialog-body')].filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length);
  assert.equal(tooWide, 0, `${name} is too wide`);
  await shot(page, name);
}

/** Every state that a drive can be in, at once. */
function showEverything() {
  const common = { phase: 'inserted', kind: 'cdrom', size: 3.7e9, bytes_read: 812e6, id: 'aa'.repeat(16) };
  media.drives = [
    { ...emptyDrive(0), ...common, medium: 'debian-12.iso', rate: 4.2e6, idle_ms: 100, firmware: FIRMWARE, boot_once: true },
    { ...emptyDrive(1), ...common, medium: 'windows-11.iso', origin: 'stream', link: 'waiting', words: 'The file’s page does not answer; the machine is paused.', copy: { done: 1.2e9, size: 3.7e9, complete: false } },
    { ...emptyDrive(2), ...common, kind: 'disk', medium: 'rescue.img', origin: 'url', url: 'https://images.example/rescue.img', read_only: false, overlay: 'keep', changed: 12e6, bytes_written: 13e6, locked: true },
    { ...emptyDrive(3), phase: 'failed', reason: 'The server does not answer ranges of the file.' },
  ];
}

for (const [name, options] of Object.entries({
  light: { scheme: 'light', size: { width: 1280, height: 900 } },
  dark: { scheme: 'dark', size: { width: 1280, height: 900 } },
  small: { scheme: 'dark', size: { width: 360, height: 740 } },
}))
  test(`the dialog is readable and accessible: ${name}`, once, async () => {
    await page.emulateMedia({ colorScheme: options.scheme });
    await page.setViewportSize(options.size);
    showEverything();
    await open();
    await rowSays(0, /debian-12\.iso From the library · 3\.7 GB · read-only · 812 MB read · 4\.2 MB\/s · boots from it once A CD that BIOS/);
    await rowSays(1, /machine is paused.*Being copied to the library: 32 %, 1\.2 GB of 3\.7 GB/);
    await rowSays(2, /From https:\/\/images\.example\/rescue\.img.*writable, changes are kept apart.*12 MB changed/);
    await rowSays(3, /does not answer ranges/);
    await check(`${name}-media-drives`);
    await page.getByRole('radio', { name: /debian-12/ }).check();
    await page.getByText('Label: Debian 12.5.0').waitFor();
    await page.getByText('41 GB free of 64 GB').scrollIntoViewIfNeeded();
    await check(`${name}-media-library`);
    await tab('This computer');
    await pick(iso);
    await page.getByText('Insert it as it is').scrollIntoViewIfNeeded();
    await check(`${name}-media-file`);
    await tab('Address');
    await page.getByText('More: login and certificate').click();
    await labelled(page, 'Certificate to trust (PEM)').scrollIntoViewIfNeeded();
    await check(`${name}-media-address`);
    await tab('Recently used');
    await check(`${name}-media-recent`);
    await closeDialog();
    await page.setViewportSize({ width: 1280, height: 900 });
  });

test('an image goes in with what was chosen, and a full drive is emptied first', once, async () => {
  await open();
  await page.getByRole('radio', { name: /debian-12/ }).check();
  await page.getByText(FIRMWARE).waitFor();
  assert.ok(await page.getByRole('radio', { name: /broken/ }).isDisabled());
  await labelled(page, 'Insert as').selectOption('disk');
  await labelled(page, 'Writing').selectOption('discard');
  await page.getByLabel('Boot from it once').check();
  await page.locator('.insert-options summary').click();
  await labelled(page, 'Read at most, in MB/s').fill('2.5');
  await button(page, 'Insert').click();
  await rowSays(0, /debian-12\.iso/);
  assert.deepEqual(asked('POST', '/targets/pc/drives/0/insert'), [
    { image: 'debian-12.iso', kind: 'disk', read_only: false, overlay: 'discard', boot_once: true, copy: false, rate: 2500000 },
  ]);
  await page.getByRole('radio', { name: /stick/ }).check();
  await button(page, 'Replace').click();
  await rowSays(0, /stick\.img/);
  assert.equal(asked('POST', '/targets/pc/drives/0/eject').length, 1, 'the full one was emptied, once');
  await closeDialog();
});

test('what goes wrong is said, and force comes into sight', once, async () => {
  media.drives[0] = { ...emptyDrive(0), phase: 'inserted', medium: 'a.iso', size: 5 };
  media.fault = (method, url, body) => (url.endsWith('/eject') && !body.force ? [409, 'locked', 'The target holds the door of drive 0.'] : null);
  await open();
  assert.ok(await button(page, 'Force drive 0 to eject').isHidden());
  await button(page, 'Eject drive 0').click();
  await page.getByText('The target holds the door').waitFor();
  await button(page, 'Force drive 0 to eject').click();
  await button(page, 'Force').click();
  await rowSays(0, /Empty/);
  await closeDialog();
});

test('a file of this computer is served, survives a cut and a change of view, and is left in its drive', async () => {
  await open();
  await tab('This computer');
  await pick(iso);
  assert.ok(await page.getByLabel('Copy to the library in the background').isChecked());
  await labelled(page, 'Drive').selectOption('1');
  await button(page, 'Insert').click();
  await rowSays(1, /debian-12\.iso From this computer/);
  const first = await media.peer(0);
  assert.deepEqual(
    [first.hello.drive, first.hello.flags, first.hello.size, first.hello.modified, first.hello.name],
    [1, 2, isoBytes.length, 1780000000000, 'debian-12.iso'],
  );
  const reads = Array.from({ length: 40 }, (_, i) => [(i * 29989 * 7) % (isoBytes.length - 65536), 512 + i * 1500]);
  await Promise.all(reads.map(async ([at, size]) => assert.ok((await first.read(at, size)).equals(isoBytes.subarray(at, at + size)), `${size} bytes at ${at}`)));

  first.progress(isoBytes.length / 2, isoBytes.length, false);
  await rowSays(1, /50 %.*Keep this tab open until then/);
  assert.ok(await page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))), 'leaving the page is warned of');
  await closeDialog();

  first.socket.destroy();
  const second = await media.peer(1);
  assert.equal(second.hello.id, media.drives[1].id);
  assert.ok((await second.read(4096, 4096)).equals(isoBytes.subarray(4096, 8192)));
  await page.evaluate(() => (location.hash = '#/'));
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  assert.ok((await second.read(0, 512)).equals(isoBytes.subarray(0, 512)), 'another view serves on');
  await page.evaluate(() => (location.hash = '#/targets/pc'));
  await button(page, 'Media').click();
  second.progress(isoBytes.length, isoBytes.length, true);
  await rowSays(1, /you may close this tab/);
  await until(() => page.evaluate(() => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))), 'leaving is no matter any more');
  Object.assign(media.drives[1], { origin: 'library', medium: 'debian-12 (2).iso' });
  second.end(2);
  await page.getByText('is in the library now').waitFor();
  await rowSays(1, /From the library.*you may close this tab/);
  await closeDialog();
});

test('a file that changes on disk is told of', { skip: inFirefox && 'it reads what is there now, and does not tell' }, async () => {
  const changing = file('changing.iso', Buffer.alloc(500000, 1));
  await open();
  await tab('This computer');
  await pick(changing);
  await button(page, 'Insert').click();
  const peer = await media.peer(0);
  assert.equal((await peer.read(0, 512)).length, 512);
  writeFileSync(changing, Buffer.alloc(500000, 2));
  assert.deepEqual(await peer.read(4096, 512), { fail: 2 });
  await rowSays(0, /has changed on this computer/);
  await button(page, 'Eject drive 0').click();
  await rowSays(0, /Empty/);
  await closeDialog();
});

test('after a reload the file is asked for again, and another one is refused', async () => {
  await open();
  await tab('This computer');
  await pick(iso);
  await button(page, 'Insert').click();
  const first = await media.peer(0);
  await rowSays(0, /debian-12/);
  await page.reload();
  await until(() => !first.open, 'the first connection is gone');
  await page.getByRole('button', { name: 'Pick it again' }).click();
  await page.getByRole('heading', { name: 'Pick “debian-12.iso” again' }).waitFor();
  await check('media-pick-again');
  mkdirSync(join(folder, 'other'), { recursive: true });
  await pick(file('other/debian-12.iso', Buffer.alloc(77)), 'repick');
  await page.getByText('is another file').waitFor();
  writeFileSync(join(folder, 'other/debian-12.iso'), isoBytes);
  await pick(join(folder, 'other/debian-12.iso'), 'repick');
  await page.getByText('was changed since').waitFor();
  assert.equal(media.peers.length, 1, 'nothing was sent yet');
  await pick(iso, 'repick');
  const second = await media.peer(1);
  assert.equal(second.hello.id, media.drives[0].id);
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.ok((await second.read(0, 512)).equals(isoBytes.subarray(0, 512)));
});

/** Drops these files on an element, as a user would. @param {string} selector @param {{name: string, size: number}[]} files */
const drop = (selector, files) =>
  page.evaluate(([where, list]) => {
    const data = new DataTransfer();
    for (const { name, size } of list) data.items.add(new File([new Uint8Array(size)], name));
    for (const type of ['dragenter', 'dragover', 'drop'])
      document.querySelector(where).dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  }, [selector, files]);

test('a file dropped on the picture opens the dialog with it, several can only be uploaded', async () => {
  await page.goto('about:blank');
  await openConsole(page, gateway, 'pc');
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'a.iso'));
    document.querySelector('.stage').dispatchEvent(new DragEvent('dragenter', { bubbles: true, cancelable: true, dataTransfer: data }));
  });
  await shot(page, 'media-dropping');
  await drop('.stage', [{ name: 'netinst.iso', size: 3000 }]);
  await page.getByText('netinst.iso').waitFor();
  await until(() => button(page, 'Insert').isEnabled(), 'it can be inserted');
  await drop('dialog', [{ name: 'a.iso', size: 1000 }, { name: 'b.iso', size: 2000 }]);
  await page.getByText('Several files can only be uploaded').waitFor();
  assert.ok(await button(page, 'Insert').isDisabled());
  await drop('dialog', [{ name: 'disk.img.xz', size: 1000 }]);
  await page.getByText('it is unpacked to “disk.img”').waitFor();
  await closeDialog();
});

test('uploads go one after the other, a lost connection goes on, a taken name is asked about', async () => {
  await open();
  await tab('This computer');
  await pick([file('a.iso', isoBytes), file('stick.img', Buffer.alloc(9000, 3))]);
  media.cuts = [400000];
  await button(page, 'Upload to the library').click();
  await page.locator('.upload').getByText('In the library as a.iso').waitFor();
  const first = media.uploads.find(({ name }) => name === 'a.iso');
  assert.ok(Buffer.concat(media.stored.get(first.id)).equals(isoBytes), 'every byte is there once');
  assert.ok(asked('PATCH', `/uploads/${first.id}`).some((offset) => offset > 0), 'it went on where it stood');
  await page.locator('.upload').getByText('The library has a stick.img already').waitFor();
  await page.locator('.upload').last().scrollIntoViewIfNeeded();
  await check('media-uploads');
  await button(page, 'Replace stick.img').click();
  await page.locator('.upload').getByText('In the library as stick.img').waitFor();
  await tab('Library');
  await page.getByRole('radio', { name: /a\.iso/ }).waitFor();
  await closeDialog();
});

test('no room pauses an upload, and it goes on when told', once, async () => {
  media.fault = (method, url) => (method === 'POST' && url.endsWith('/uploads') ? [507, 'no-room', 'The library has room for 3 GB more; this needs 8 GB.'] : null);
  await open();
  await tab('This computer');
  await pick(file('big.iso', Buffer.alloc(5000)));
  await button(page, 'Upload to the library').click();
  await page.locator('.upload').getByText('has room for 3 GB more').waitFor();
  media.fault = () => null;
  await button(page, 'Go on with big.iso').click();
  await page.locator('.upload').getByText('In the library as big.iso').waitFor();
  await closeDialog();
});

test('an upload goes on after a reload when its file is picked again', async () => {
  await open();
  await tab('This computer');
  media.cuts = [300000];
  media.fault = (method) => (method === 'PATCH' && !media.cuts.length && media.uploads[0].offset ? [409, 'bad-offset', 'Not now.'] : null);
  await pick(file('copy.iso', isoBytes));
  await button(page, 'Upload to the library').click();
  await until(() => media.uploads[0]?.offset > 0, 'some is there');
  await button(page, 'Pause copy.iso').click();
  await page.locator('.upload').getByText(/Paused at/).waitFor();
  const { id, offset } = media.uploads[0];
  media.fault = () => null;
  await open();
  await page.getByText('Pick the file again to go on').waitFor();
  await button(page, 'Pick copy.iso again').scrollIntoViewIfNeeded();
  await tab('This computer');
  await pick(join(folder, 'copy.iso'));
  await button(page, 'Upload to the library').click();
  await page.locator('.upload').getByText('In the library as copy.iso').waitFor();
  assert.equal(media.uploads.length, 1);
  assert.ok(asked('PATCH', `/uploads/${id}`).includes(offset), `it went on at ${offset}`);
  assert.ok(Buffer.concat(media.stored.get(id)).equals(isoBytes));
  await closeDialog();
});

test('a folder becomes a folder of the library with its files', { skip: inFirefox && 'no folder can be picked' }, async () => {
  const answers = join(folder, 'answers');
  mkdirSync(join(answers, 'inside'), { recursive: true });
  for (const name of ['autounattend.xml', 'setup.cmd', 'inside/deep.txt']) writeFileSync(join(answers, name), `of ${name}`);
  await open();
  await tab('This computer');
  await page.locator('input[webkitdirectory]').setInputFiles(answers);
  await page.getByText('2 files that become a USB disk of the library. 1 folder inside is left out').waitFor();
  await button(page, 'Upload to the library').click();
  await until(() => media.uploads.length === 2 && media.uploads.every(({ phase, folder: into }) => phase === 'done' && into === 'answers'), 'both are there');
  await closeDialog();
});

test('images are renamed, counted, offered for download and deleted', once, async () => {
  await open();
  await page.getByRole('radio', { name: /debian-12/ }).check();
  assert.equal(await page.getByRole('link', { name: 'Download' }).getAttribute('href'), '/api/v1/images/debian-12.iso/raw');
  await button(page, 'Count SHA-256').click();
  await page.getByText(/SHA-256: c0ffee/).waitFor();
  await button(page, 'Rename …').click();
  await labelled(page, 'Name').fill('stick.img');
  await button(page, 'Rename').click();
  await page.getByText('The library has a stick.img already').waitFor();
  await labelled(page, 'Name').fill('debian.iso');
  await button(page, 'Rename').click();
  await page.getByRole('radio', { name: /debian\.iso/ }).waitFor();
  await button(page, 'Delete …').click();
  await button(page, 'Delete').click();
  await until(() => page.getByRole('radio', { name: /debian\.iso/ }).count().then((n) => n === 0), 'it is gone');
  await page.getByRole('radio', { name: /windows-drivers/ }).check();
  await until(() => button(page, 'Delete …').isDisabled(), 'what is in use stays');
  await closeDialog();
});

test('an address goes in with its login, which is kept nowhere', once, async () => {
  await open();
  await tab('Address');
  assert.ok(await button(page, 'Insert').isDisabled());
  await labelled(page, 'Address of the medium').fill('ftp://images.example/rescue.iso');
  await page.keyboard.press('Tab');
  await page.getByText('An address begins with https://').waitFor();
  await labelled(page, 'Address of the medium').fill('https://anna:topsecret@images.example/rescue.iso');
  await page.getByText('More: login and certificate').click();
  await labelled(page, 'Password').fill('hush');
  await labelled(page, 'User name').fill('me');
  await button(page, 'Insert').click();
  await rowSays(0, /rescue\.iso/);
  const [{ url, user, password, copy }] = asked('POST', '/targets/pc/drives/0/insert');
  assert.deepEqual([url, user, password, copy], ['https://anna:topsecret@images.example/rescue.iso', 'me', 'hush', false]);
  const kept = await until(async () => {
    const all = await page.evaluate(() => JSON.stringify(localStorage));
    return all.includes('rescue.iso') && all;
  }, 'it is remembered');
  assert.ok(kept.includes('https://images.example/rescue.iso') && !/topsecret|hush/.test(kept), kept);
  await until(async () => (await labelled(page, 'Password').inputValue()) === '', 'the password is forgotten');
  await tab('Recently used');
  await page.getByRole('button', { name: /images\.example\/rescue\.iso/ }).click();
  await until(async () => (await labelled(page, 'Address of the medium').inputValue()) === 'https://images.example/rescue.iso', 'the address is back');
  await closeDialog();
});

test('what a user may not do is not shown', once, async () => {
  media.drives[0] = { ...emptyDrive(0), phase: 'inserted', medium: 'a.iso', size: 5 };
  as(['view']);
  await open();
  await page.getByText('may look at the drives').waitFor();
  assert.deepEqual(await page.locator('dialog').getByRole('button').allTextContents(), [''], 'nothing but the way out');
  await closeDialog();

  as(['view', 'media']);
  await open();
  await page.getByRole('radio', { name: /debian-12/ }).check();
  await page.getByText(FIRMWARE).waitFor();
  for (const name of ['Upload …', 'New folder …', 'Delete …', 'Rename …']) assert.ok(await button(page, name).isHidden(), name);
  await tab('This computer');
  await page.getByText('Your role may not add to the library').waitFor();
  await pick(iso);
  assert.ok(await button(page, 'Upload to the library').isHidden());
  await button(page, 'Insert').click();
  assert.equal((await media.peer(0)).hello.flags, 0, 'no copy is asked for');
  await closeDialog();

  as(['view', 'library']);
  await open();
  assert.deepEqual(await page.getByRole('tab').allTextContents(), ['Library', 'This computer']);
  assert.ok(await page.locator('.insert').isHidden());
  assert.ok(await page.locator('.insert-options').isHidden());
  await closeDialog();
  as(ALL);
});

test('by keyboard alone: an image is chosen and inserted', async () => {
  await open();
  const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.getAttribute('value') || '');
  const tabTo = (wanted) =>
    until(async () => {
      await page.keyboard.press('Tab');
      return wanted.test(await focused());
    }, `Tab leads to ${wanted}`);
  await page.getByRole('radio', { name: /debian-12/ }).waitFor();
  await tabTo(/^Library$/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.match(await focused(), /Address/);
  await page.keyboard.press('Home');
  await tabTo(/^debian-12\.iso$/);
  await page.keyboard.press('Space');
  await tabTo(/^Insert$/);
  await page.keyboard.press('Enter');
  await rowSays(0, /debian-12\.iso/);
  await closeDialog();
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
