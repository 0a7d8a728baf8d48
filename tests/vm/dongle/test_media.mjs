/* What becomes of media while they are read: a gateway that is killed or stands still, images that change under it, what
 * the host writes; and how many drives the host sees, and when. By REST, in a guest whose kernel is also the host. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { Rest } from '../target/client.mjs';

const BIG_BLOCKS = 1300000; // of 2048 bytes: above what the kernel's own drive can show
const HANG_MS = 120000;
/** @type {Board} */ let board;
/** @type {Rest} */ let rest;

before(async () => {
  board = new Board();
  await board.bootBoard({ keys: { capture: '' }, capture: false, append: process.env.GUEST_APPEND ?? '' });
  for (const [name, megabytes] of /** @type {[string, number][]} */ ([['one.iso', 3], ['two.iso', 2], ['stick.img', 2]])) {
    writeFileSync(board.path('new'), randomBytes(megabytes << 20));
    await board.addImage(board.path('new'), name);
  }
  await board.ok('mkdir -p /keep; cp /images/* /keep/; chmod 666 /images/stick.img; chmod 1777 /images');
  await board.ok(`dd if=/dev/urandom of=/images/big.iso bs=2048 seek=${BIG_BLOCKS - 1} count=1; chmod 644 /images/big.iso`);
  await begin();
  await rest.setUp();
});
after(() => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
});

async function begin() {
  await board.launch();
  rest = new Rest(board);
}

/** @param {string} method @param {string} path @param {object} [body] */
const call = (method, path, body) => rest.ok(method, `/targets/pc${path}`, body);
/** @param {number} drive @param {string} image @param {object} [more] */
const insert = (drive, image, more = {}) => call('POST', `/drives/${drive}/insert`, { image, ...more });
const eject = (/** @type {number} */ drive, force = false) => call('POST', `/drives/${drive}/eject`, { force });
const drive = async (/** @type {number} */ index) => (await call('GET', '/drives')).drives[index];
const usb = () => call('GET', '/usb');
const devnum = () => board.ok('cat /sys/bus/usb/devices/1-1/devnum');

/** The host's drive of this kind that has a medium of so many bytes. @param {string} kind @param {number} bytes */
async function disc(kind, bytes) {
  const look = `for d in /dev/${kind}?; do [ -e $d ] || continue; dd if=$d of=/dev/null bs=2048 count=1 2>/dev/null; [ "$(cat /sys/block/\${d#/dev/}/size)" = ${bytes / 512} ] && echo $d; done; true`;
  return until(() => board.ok(look), `the host has a medium of ${bytes} bytes`, HANG_MS);
}

/** A reading of all that is in one of the host's drives, with cold caches. @param {string} device */
async function beginReading(device, more = '') {
  await board.ok('sync; echo 3 >/proc/sys/vm/drop_caches');
  return board.start(`s=$(cut -d' ' -f1 /proc/uptime); dd if=${device} of=/tmp/got bs=64k ${more} 2>&1; c=$?; echo seconds $s $(cut -d' ' -f1 /proc/uptime); exit $c`);
}

/** @param {string} name */
async function endReading(name) {
  await until(() => board.result(name).code !== null, 'the reading ends', HANG_MS);
  const { code, out } = board.result(name);
  const [, from, to] = /seconds (\S+) (\S+)/.exec(out) ?? [];
  return { code, seconds: Number(to) - Number(from), out };
}

test('a gateway that is killed in the middle of a read costs a few seconds', async () => {
  await insert(0, 'one.iso', { kind: 'cdrom' });
  const device = await disc('sr', 3 << 20);
  const before = await devnum();
  await board.kill('gateway', 'STOP');
  const reading = await beginReading(device);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(board.result(reading).code, null, `it waits: ${device} ${board.result(reading).out}`);
  await board.kill('gateway');
  const { code, seconds, out } = await endReading(reading);
  console.log(`# killed: the reading took ${seconds.toFixed(1)} s (wanted: 5 after the kill)`);
  assert.equal(code, 0, out);
  await board.ok('cmp /tmp/got /keep/one.iso');
  assert.equal(await devnum(), before);
});

test('a gateway that stands still for ten seconds costs these', async () => {
  const device = await disc('sr', 3 << 20);
  await board.kill('gateway', 'STOP');
  const reading = await beginReading(device);
  await new Promise((resolve) => setTimeout(resolve, 10000));
  await board.kill('gateway', 'CONT');
  const { code, seconds, out } = await endReading(reading);
  console.log(`# stopped for 10 s: the reading took ${seconds.toFixed(1)} s`);
  assert.equal(code, 0, out);
  await board.ok('cmp /tmp/got /keep/one.iso');
});

test('an image that shrinks is an error at the target, and told', async () => {
  const device = await disc('sr', 3 << 20);
  await board.ok('truncate -s 1M /images/one.iso');
  const { code } = await endReading(await beginReading(device));
  assert.notEqual(code, 0);
  assert.match((await drive(0)).reason, /changed while it was inserted/);
  await eject(0, true);
  await board.ok('cp /keep/one.iso /images/; chmod 644 /images/one.iso');
});

test('an image that is removed stays readable until it is ejected', async () => {
  await insert(0, 'two.iso', { kind: 'cdrom' });
  const device = await disc('sr', 2 << 20);
  await board.ok('rm /images/two.iso');
  const { code, out } = await endReading(await beginReading(device));
  assert.equal(code, 0, out);
  await board.ok('cmp /tmp/got /keep/two.iso');
  await eject(0, true);
  const answer = await rest.call('POST', '/targets/pc/drives/0/insert', { image: 'two.iso' });
  assert.equal(answer.status, 404);
});

test('what the host writes to a stick is in its image', async () => {
  await insert(1, 'stick.img', { kind: 'disk', read_only: false });
  const device = await disc('sd', 2 << 20);
  await board.ok(`dd if=/keep/two.iso of=${device} bs=64k conv=fsync`);
  await eject(1);
  await board.ok('cmp /keep/two.iso /images/stick.img');
});

test("the host's own eject is told", async () => {
  await insert(0, 'one.iso', { kind: 'cdrom' });
  await board.ok(`sg_start --eject ${await disc('sr', 3 << 20)}`);
  await until(async () => (await drive(0)).phase === 'ejected-by-target', 'it is told', HANG_MS);
  const [{ id, args }] = (await usb()).events;
  assert.deepEqual([id, ...args], ['medium-ejected-by-target', '0', 'one.iso']);
});

test('a large disc is read on when the gateway was killed', async () => {
  const before = await devnum();
  await insert(0, 'big.iso', { kind: 'cdrom' });
  const device = await disc('sr', BIG_BLOCKS * 2048);
  const reading = await beginReading(device, 'count=2000 skip=100');
  await until(async () => (await drive(0)).bytes_read > 8 << 20, 'it is being read', HANG_MS);
  await board.kill('gateway');
  const { code, seconds, out } = await endReading(reading);
  console.log(`# large disc, killed: the reading took ${seconds.toFixed(1)} s`);
  assert.equal(code, 0, out);
  await board.ok('dd if=/images/big.iso bs=64k count=2000 skip=100 2>/dev/null | cmp - /tmp/got');
  await board.ok(`dd if=${device} bs=2048 skip=${BIG_BLOCKS - 1} 2>/dev/null >/tmp/last; dd if=/images/big.iso bs=2048 skip=${BIG_BLOCKS - 1} 2>/dev/null | cmp - /tmp/last; [ -s /tmp/last ]`);
  assert.equal(await devnum(), before, 'keyboard and drives never left');
  const from = board.evdev.length;
  await call('POST', '/keys', { keys: ['k'], force: true });
  await until(() => / 1 37 1/.test(board.evdev.slice(from)), 'keys arrive', HANG_MS);
  await eject(0, true);
});

/** Starts lightsoutd anew with other keys. @param {Record<string, string|number>} keys */
async function restart(keys) {
  await board.ok(`kill $(ps | sed -n 's/^ *\\([0-9]*\\) .*lightsoutd --config.*/\\1/p'); while ps | grep -q 'lightsoutd [-]-role'; do usleep 100000; done`);
  assert.equal(await board.ok('ls /sys/kernel/config/usb_gadget'), '', 'nothing is left behind');
  const all = Object.entries({ machine: 'dongle', personality: 'full', ...keys }).map(([key, value]) => `${key} = ${value}`);
  const gateway = readFileSync(board.path('lightsout.conf'), 'latin1').split('[target')[0];
  writeFileSync(board.path('lightsout.conf'), `${gateway}[target pc]\n${all.join('\n')}\n`);
  await board.ok('cat /share/lightsout.conf >/etc/lightsout/lightsout.conf');
  await begin();
  await rest.logIn('anna', 'a lamp in the hall');
  await until(async () => (await usb()).state === 'configured', 'the host has set it up', HANG_MS);
}
const luns = () => board.ok('ls -d /sys/kernel/config/usb_gadget/lightsout-pc/functions/mass_storage.*/lun.* 2>/dev/null | wc -l');
const interfaces = () => board.ok('cat /sys/bus/usb/devices/1-1:*/bInterfaceClass | sort | tr "\\n" " "');

test('the host sees as many drives as are configured', async () => {
  await restart({ drives: 1 });
  assert.equal(await luns(), '1');
  assert.equal((await call('GET', '/drives')).drives.length, 1);
  await insert(0, 'one.iso', { kind: 'cdrom' });
  await disc('sr', 3 << 20);
  await eject(0, true);
  await restart({ drives: 0 });
  assert.equal(await luns(), '0');
  assert.equal((await interfaces()).includes('08'), false, 'no mass storage');
});

test('empty drives that are withdrawn come and go with their medium', async () => {
  await restart({ drives: 2, 'empty-drives': 'withdrawn' });
  assert.equal((await interfaces()).includes('08'), false, 'no drive without a medium');
  await insert(0, 'one.iso', { kind: 'cdrom' });
  const device = await disc('sr', 3 << 20);
  const { code, out } = await endReading(await beginReading(device));
  assert.equal(code, 0, out);
  await board.ok('cmp /tmp/got /keep/one.iso');
  const from = board.evdev.length;
  await call('POST', '/keys', { keys: ['l'], force: true });
  await until(() => / 1 38 1/.test(board.evdev.slice(from)), 'keys arrive', HANG_MS);
  await eject(0);
  await until(async () => (await usb()).state === 'configured' && !(await interfaces()).includes('08'), 'the drives are gone', HANG_MS);
});

test('nothing complained', async () => {
  assert.doesNotMatch(board.log, /AddressSanitizer|LeakSanitizer|runtime error:|no Landlock/);
  await board.end();
});
