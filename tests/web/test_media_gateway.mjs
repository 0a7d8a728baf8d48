/* Media through the page and the real gateway, with a machine that is off: uploads, the library, a file of this computer with
 * its copy, after a reload, a kill of the gateway and a new session. What a running machine reads is tested under tests/vm. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, logIn, newPage, openConsole, setUp } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const bytes = randomBytes(24 << 20);
const SLOW_BYTES_S = 8 << 20;
let gateway, browser, page, disk;

before(async () => {
  gateway = await Gateway.create({ pc: { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 2, lifetime: 'supervisor' } });
  mkdirSync(gateway.path('images'));
  chmodSync(gateway.path('images'), 0o777); // started as root it drops to a user who must write there
  mkdirSync(gateway.path('here'));
  disk = file('disk.img', bytes);
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  page.on('dialog', (dialog) => dialog.accept()); // the browser’s question whether to leave
  await setUp(page, gateway);
  await openConsole(page, gateway, 'pc');
  await button(page, 'Media').click();
  await page.getByRole('heading', { name: 'Drive 0' }).waitFor();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

function file(name, content) {
  const path = join(gateway.path('here'), name);
  writeFileSync(path, content);
  return path;
}

const stored = (name) => readFileSync(join(gateway.path('images'), name));
const tab = (name) => page.getByRole('tab', { name }).click();
const uploads = (words) => page.locator('.upload').getByText(words);
const rowSays = (words) => until(async () => words.test((await page.locator('.drive').first().innerText()).replace(/\s+/g, ' ')), `drive 0 says ${words}`);

async function pick(path) {
  await tab('This computer');
  await page.locator('input[data-for="media"]').setInputFiles(path);
}

const drive = () =>
  page.evaluate(async () => (await (await fetch('/api/v1/targets/pc/drives')).json()).drives[0]).catch(() => ({ link: 'unknown' }));
const linkIs = (link) => until(async () => (await drive()).link === link, `the link is ${link}`);

test('an image is uploaded, asked about when its name is taken, and counted', async () => {
  await pick(disk);
  await button(page, 'Upload to the library').click();
  await uploads('In the library as disk.img').waitFor();
  assert.ok(stored('disk.img').equals(bytes));
  writeFileSync(join(gateway.path('here'), 'disk.img'), bytes.subarray(0, 1 << 20));
  await pick(disk);
  await button(page, 'Upload to the library').click();
  await button(page, 'Replace disk.img').click();
  await until(() => uploads('In the library as disk.img').count().then((n) => n === 2), 'it is replaced');
  assert.ok(stored('disk.img').equals(bytes.subarray(0, 1 << 20)));
  writeFileSync(disk, bytes);
  await tab('Library');
  await page.getByRole('radio', { name: /disk\.img/ }).check();
  const sum = createHash('sha256').update(bytes.subarray(0, 1 << 20)).digest('hex');
  await page.getByText(`SHA-256: ${sum}`).waitFor(); // counted while it came
});

test('it goes into a drive and out again', async () => {
  await button(page, 'Insert').click();
  await rowSays(/disk\.img From the library/);
  await button(page, 'Eject drive 0').click();
  await rowSays(/Empty/);
});

test('a file of this computer is in at once, and the tab may close when it was copied', async () => {
  await pick(file('live.img', bytes));
  await button(page, 'Insert').click();
  await rowSays(/live/);
  await rowSays(/From the library.*you may close this tab/);
  assert.ok(stored('live.img').equals(bytes));
  await button(page, 'Eject drive 0').click();
  await rowSays(/Empty/);
});

test('after a reload the file is picked again', async () => {
  await pick(disk);
  await page.getByLabel('Copy to the library in the background').uncheck();
  await button(page, 'Insert').click();
  await rowSays(/From this computer.*Keep this tab open/);
  const { id } = await drive();
  await page.reload();
  await button(page, 'Pick it again').click();
  await page.locator('input[data-for="repick"]').setInputFiles(disk);
  await page.locator('dialog').waitFor({ state: 'detached' });
  await linkIs('good');
  assert.equal((await drive()).id, id);
});

/** How much the page may send in a second; -1: as much as it can. */
const throttle = (devtools, bytes) => devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes });

test('a gateway that was killed has the file again by itself, and an upload goes on', async () => {
  await button(page, 'Media').click();
  const large = Buffer.concat(Array.from({ length: 8 }, () => bytes));
  await pick(file('large.img', large));
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await throttle(devtools, SLOW_BYTES_S); // else a fast disk has it all before it is seen to come
  await button(page, 'Upload to the library').click();
  await uploads(/[1-9] %/).waitFor();
  await gateway.kill('gateway');
  await throttle(devtools, -1);
  await uploads('In the library as large.img').waitFor({ timeout: 400000 });
  assert.ok(stored('large.img').equals(large));
  await linkIs('good');
  await rowSays(/From this computer/);
});

test('a session that ended takes the file along to the next of the same user', async () => {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }));
  await labelled(page, 'User name').waitFor();
  await logIn(page);
  await button(page, 'Media').click();
  await linkIs('good');
  await rowSays(/From this computer/);
});

test('a folder becomes a disk, an address of the gateway itself is refused in words', async () => {
  for (const name of ['answers', 'answers/a.xml', 'answers/b.txt']) {
    if (name === 'answers') mkdirSync(join(gateway.path('here'), name));
    else file(name, name);
  }
  await tab('This computer');
  await page.locator('input[webkitdirectory]').setInputFiles(join(gateway.path('here'), 'answers'));
  await button(page, 'Upload to the library').click();
  await until(() => existsSync(join(gateway.path('images'), 'answers/b.txt')), 'both files are there');
  await tab('Library');
  await page.getByRole('radio', { name: /answers/ }).check();
  await page.getByText('2 files: a.xml, b.txt').waitFor();
  await labelled(page, 'Drive').selectOption('1');
  await tab('Address');
  await labelled(page, 'Address of the medium').fill('http://127.0.0.1:9/x.iso');
  await button(page, 'Insert').click();
  await page.getByText('is a loopback address').waitFor();
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
