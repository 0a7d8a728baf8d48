/* What a machine notices of media that go away, change, or are written to: a shell in the guest reads and writes, and says
 * what it got. The media are at a URL, in the library, and files of this computer. All reads are of the source: the
 * gateway's cache is small. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';
import { GRUB, Gateway, MACHINE, assertSane, fillLibrary, localClient } from './client.mjs';
import { CHUNK, GuestShell } from './guest_shell.mjs';
import { WebSource } from './web_source.mjs';

const WAIT_S = 4; // media-wait
const CUTS_S = process.env.CUTS ? process.env.CUTS.split(' ').map(Number) : [3, 20];
const FIRMWARE_CUT_S = process.env.CUTS ? 20 : 3; // a BIOS gives a command up after 5 s
const HANG_MS = 300000;
const GRUBS = '0', SHELLS = '1', WEBS = '2', OWN = '3'; // drives

const sha256 = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');
const md5 = (/** @type {Buffer} */ bytes) => createHash('md5').update(bytes).digest('hex');

/** Each of a size of its own, so that the guest can tell them apart. */
const far = randomBytes(24 * CHUNK * 16);
const stick = randomBytes(9 * CHUNK * 16);
const file = randomBytes(7 * CHUNK * 16);

/** @type {Gateway} */ let gateway;
/** @type {ReturnType<typeof localClient>} */ let client;
/** @type {WebSource} */ let web;
/** @type {WebSource} */ let disc;
/** @type {GuestShell} */ let guest;
let webs = ''; // device in the guest

before(async () => {
  web = await WebSource.create(far);
  disc = await WebSource.create(readFileSync(/** @type {string} */ (process.env.INSTALLER_ISO)));
  const target = { ...MACHINE, memory: 256, drives: 4, lifetime: 'vm', 'media-wait': WAIT_S };
  gateway = await Gateway.create({ demo: target }, { keys: { 'cache-memory': '4M', 'cache-disk': '0', 'outward-allow': '127.0.0.0/8' } });
  fillLibrary(gateway);
  chmodSync(gateway.path('images'), 0o777); // whoever the gateway runs as
  writeFileSync(gateway.path('images/stick.img'), stick);
  chmodSync(gateway.path('images/stick.img'), 0o644);
  await gateway.start();
  client = localClient(gateway);
});

after(async () => {
  guest?.close();
  web?.destroy();
  disc?.destroy();
  await client?.run('power', 'hard-off', 'demo');
  const note = gateway?.path('state/vm/demo/process');
  await gateway?.stop();
  if (note && existsSync(note)) process.kill(Number(readFileSync(note, 'latin1').split(' ')[0]), 'SIGKILL'); // it would outlive the test
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

const began = Date.now();
const reached = (/** @type {string} */ what) => console.log(`# ${((Date.now() - began) / 1000).toFixed(1)} s: ${what}`);

/** @param {string} index */
const drive = async (index) => (await client.json('media', 'list', 'demo')).drives[Number(index)];

/** What was audited, newest first. @returns {Promise<any[]>} */
const events = async () => (await client.json('events')).events;

const insert = (/** @type {string} */ index, /** @type {string[]} */ ...args) => client.ok('media', 'insert', 'demo', ...args, '--drive', index);
const eject = (/** @type {string} */ index) => client.ok('media', 'eject', 'demo', '--drive', index, '--force');

/** The guest has begun to read, and waits for a source that does not answer. @returns {Promise<{sum: Promise<string>}>} */
async function readAndCut() {
  const before = (await drive(WEBS)).bytes_read;
  const sum = guest.sum(webs);
  await until(async () => (await drive(WEBS)).bytes_read > before + (1 << 20), 'the guest reads', HANG_MS);
  web.hold();
  await until(() => web.held > 0, 'the source is asked', HANG_MS);
  return { sum };
}

/** Somebody waits for the source, which stays away for so long; then the machine must go on by itself. */
async function stayAway(/** @type {WebSource} */ source, /** @type {string} */ index, /** @type {number} */ seconds) {
  await until(() => source.held > 0, 'the source is asked', HANG_MS);
  const cut = Date.now();
  let paused = false;
  await until(async () => {
    const now = await drive(index);
    paused ||= now.paused;
    if (now.paused) assert.match(now.words, /^The machine stands still until it is back\. /);
    return Date.now() > cut + seconds * 1000;
  }, 'the cut is over', seconds * 1000 + HANG_MS);
  source.release();
  const lasted = (Date.now() - cut) / 1000;
  await until(async () => !(await drive(index)).paused, 'the machine goes on by itself', HANG_MS);
  reached(`the source was away for ${lasted.toFixed(1)} s`);
  if (seconds > WAIT_S || lasted < WAIT_S) assert.equal(paused, seconds > WAIT_S);
}

test('a medium in another drive is booted from once; firmware and boot loader notice no cut', async () => {
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  await insert(GRUBS, GRUB);
  await insert(SHELLS, '--url', disc.url, '--kind', 'cdrom', '--boot-once');
  assert.ok((await drive(SHELLS)).boot_once);
  disc.hold();
  await client.ok('power', 'on', 'demo');
  await stayAway(disc, SHELLS, FIRMWARE_CUT_S);
  await client.ok('wait-text', 'demo', 'Install Tiny OS', '--timeout', '240');
  for (const key of ['down', 'down']) await client.ok('key', 'demo', key);
  disc.hold();
  await client.ok('key', 'demo', 'enter');
  await stayAway(disc, SHELLS, FIRMWARE_CUT_S);
  guest = await GuestShell.open(gateway);
  reached('a shell');
  assert.ok(!(await drive(SHELLS)).boot_once, 'the next time it is not');
});

test('a medium at a URL is read as it is', async () => {
  await insert(WEBS, '--url', web.url, '--kind', 'disk');
  webs = await guest.device(far.length);
  assert.equal(await guest.sum(webs), sha256(far));
});

for (const seconds of CUTS_S) {
  test(`a cut of ${seconds} s: ${seconds < WAIT_S ? 'nothing is noticed' : 'the machine stands still, and notices nothing'}`, async () => {
    const [newest] = await events();
    const { sum } = await readAndCut();
    await stayAway(web, WEBS, seconds);
    assert.equal(await sum, sha256(far));
    assert.equal(await guest.complaints(), '');
    await until(async () => (await drive(WEBS)).link === 'good', 'it is good again', HANG_MS);
    if (seconds > WAIT_S) {
      const all = await events(), known = all.findIndex((event) => JSON.stringify(event) === JSON.stringify(newest));
      const said = all.slice(0, known < 0 ? undefined : known).map((event) => event.what);
      for (const what of ['media-lost', 'media-back']) assert.ok(said.includes(what), `${what} in ${said}`);
    }
  });
}

test('gateway, outward and keeper are killed while the guest reads', async () => {
  for (const roles of [['outward'], ['gateway'], ['keeper'], ['gateway', 'outward']]) {
    const before = (await drive(WEBS)).bytes_read;
    const sum = guest.sum(webs);
    await until(async () => (await drive(WEBS)).bytes_read > before + (1 << 20), 'the guest reads', HANG_MS);
    await Promise.all(roles.map((role) => gateway.kill(role)));
    assert.equal(await sum, sha256(far), `${roles} killed`);
    await until(async () => (await client.run('media', 'list', 'demo')).code === 0, 'the gateway answers', HANG_MS);
    reached(`${roles.join(' and ')} killed`);
  }
  assert.equal(await guest.complaints(), '');
});

test('the supervisor is killed, and all that is its own with it, while the guest reads', async () => {
  const sum = guest.sum(webs);
  await until(async () => (await drive(WEBS)).idle_ms < 500, 'the guest reads', HANG_MS);
  await gateway.stop('SIGKILL');
  await gateway.start();
  assert.equal(await sum, sha256(far));
  assert.equal(await guest.complaints(), '');
  reached('the supervisor killed');
});

/** Copies chunks of the far medium to the stick, in the guest and in our own picture of it. */
async function write(/** @type {string} */ device, /** @type {Buffer} */ picture, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ n) {
  far.copy(picture, to * CHUNK, from * CHUNK, (from + n) * CHUNK);
  await guest.ok(`dd if=${webs} of=${device} bs=${CHUNK} skip=${from} seek=${to} count=${n} conv=notrunc,fsync 2>/dev/null`);
}

test('a stick over an image that is only read: discarded', async () => {
  const picture = Buffer.from(stick);
  await insert(OWN, 'stick.img', '--overlay', 'discard', '--kind', 'disk');
  const device = await guest.device(stick.length);
  await write(device, picture, 3, 5, 7);
  assert.equal(await guest.sum(device), sha256(picture));
  await eject(OWN);
  await insert(OWN, 'stick.img', '--kind', 'disk');
  assert.equal(await guest.sum(await guest.device(stick.length)), sha256(stick));
  await eject(OWN);
});

test('a stick over an image that is only read: kept over a kill, inserted again, exported', async () => {
  const picture = Buffer.from(stick);
  await insert(OWN, 'stick.img', '--overlay', 'keep', '--kind', 'disk');
  let device = await guest.device(stick.length);
  await write(device, picture, 0, 1, 40);
  const writing = write(device, picture, 100, 50, 90);
  await until(async () => (await drive(OWN)).bytes_written > 41 * CHUNK, 'the guest writes', HANG_MS);
  await gateway.kill('gateway');
  await writing;
  assert.equal(await guest.sum(device), sha256(picture));
  await eject(OWN);
  await insert(OWN, 'stick.img', '--overlay', 'keep', '--kind', 'disk');
  device = await guest.device(stick.length);
  assert.equal(await guest.sum(device), sha256(picture));
  await client.ok('media', 'overlay', 'demo', 'export', 'written.img', '--drive', OWN);
  assert.equal(sha256(readFileSync(gateway.path('images/written.img'))), sha256(picture));
  assert.equal(sha256(readFileSync(gateway.path('images/stick.img'))), sha256(stick));
  await eject(OWN);
  await client.ok('media', 'delete', 'written.img');
  reached('a stick kept');
});

/** `lightsout media insert --file`, until it ends. */
function bring() {
  const args = ['--socket', client.socket, 'media', 'insert', 'demo', '--file', gateway.path('own.img'), '--kind', 'disk', '--drive', OWN];
  const child = spawn(join(build, 'gateway/lightsout'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const self = { child, out: '', err: '' };
  child.stdout.on('data', (data) => (self.out += data));
  child.stderr.on('data', (data) => (self.err += data));
  return self;
}

test('a file picked again, of equal size and time, with one changed block: never data', async () => {
  const CHANGED = 77;
  const save = () => {
    writeFileSync(gateway.path('own.img'), file);
    utimesSync(gateway.path('own.img'), 1700000000, 1700000000);
  };
  const right = Array.from({ length: file.length / CHUNK }, (_, i) => md5(file.subarray(i * CHUNK, (i + 1) * CHUNK)));
  save();
  let stream = bring();
  await until(() => stream.out === 'inserted\n', 'it is inserted');
  const device = await guest.device(file.length);
  assert.deepEqual(await guest.chunks(device, 0, right.length), right);
  stream.child.kill('SIGKILL');
  file[CHANGED * CHUNK + 1000] ^= 1;
  save();
  stream = bring();
  await until(() => stream.out === 'inserted\n', 'it is taken again');
  await until(async () => (await drive(OWN)).link === 'good', 'it is there again');
  const got = await guest.chunks(device, 0, right.length);
  got.forEach((sum, i) => assert.ok(sum === '' || sum === right[i], `chunk ${i} is what it was before, or an error`));
  assert.equal(got[CHANGED], '', 'the changed one is an error');
  assert.deepEqual(got.slice(0, CHANGED - 8), right.slice(0, CHANGED - 8));
  const { reason, paused } = await drive(OWN);
  assert.match(reason, /differ|chang|not the same/i);
  assert.ok(!paused);
  assert.ok((await events()).some((event) => event.what === 'media-fault'), 'it is audited');
  await eject(OWN);
  reached('a changed block');
});

test('ejecting while the machine stands still: it goes on, and its read is an error', async () => {
  const { sum } = await readAndCut();
  const result = sum.catch((error) => error);
  await until(async () => (await drive(WEBS)).paused, 'the machine stands still', HANG_MS);
  await eject(WEBS);
  web.release();
  assert.match(String(await result), /sha256sum: /);
  assert.equal((await drive(WEBS)).medium, null);
});

test('reset and power work while the machine stands still', async () => {
  await insert(WEBS, '--url', web.url, '--kind', 'disk');
  webs = await guest.device(far.length);
  const { sum } = await readAndCut();
  sum.catch(() => {});
  await until(async () => (await drive(WEBS)).paused, 'the machine stands still', HANG_MS);
  await client.ok('power', 'reset', 'demo');
  await until(async () => /GNU GRUB|Press any key/.test((await client.run('screen-text', 'demo')).out), 'it starts again', HANG_MS);
  assert.doesNotMatch(await client.ok('screen-text', 'demo'), /Install Tiny OS/, 'not from the disc that was for once');
  await client.ok('power', 'hard-off', 'demo');
  await until(async () => (await client.ok('power', 'state', 'demo')) === 'off\n', 'it is off');
  web.release();
});
