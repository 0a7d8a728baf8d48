/* Media from elsewhere in a dongle's drives, while what they come from is away: a file behind a URL, from a server outside
 * the guest whose network cable is pulled, and a file that `lightsout media insert --file` brings, which is stopped. The
 * guest's own kernel is the host that reads them: it gives a command 5 s as firmware does, or its usual 30 s. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { Rest } from '../target/client.mjs';
import { WebSource } from '../target/web_source.mjs';

const HANG_MS = 120000;
const MIB = 1 << 20;
const DISC = 256 * MIB; // behind the URL: each test reads where nobody was before
const LARGE = 1300000 * 2048; // above what the kernel's own drive can show
const FILE = 96 * MIB; // brought by the command line
/** @type {Board} */ let board;
/** @type {Rest} */ let rest;
/** @type {WebSource} */ let disc;
/** @type {WebSource} */ let large;
/** @type {string} */ let bringer;
/** @type {string} */ let cd;
/** @type {string} */ let stick;

/** A file whose bytes tell where they stand. @param {number} length @returns {import('../target/web_source.mjs').Bytes} */
const madeUp = (length) => ({
  length,
  subarray(from, end) {
    const start = from - (from % 8);
    const bytes = Buffer.alloc(end - from + 16);
    for (let i = 0; i + 8 <= bytes.length; i += 8) {
      const word = (start + i) / 8;
      bytes.writeUInt32LE(Math.imul(word, 0x9e3779b1) >>> 0, i);
      bytes.writeUInt32LE(word >>> 0, i + 4);
    }
    return bytes.subarray(from - start, end - start);
  },
});

before(async () => {
  disc = await WebSource.create(madeUp(DISC), 'disc.iso');
  large = await WebSource.create(madeUp(LARGE), 'disc.iso');
  board = new Board();
  const monitor = ['-chardev', `socket,id=monitor,path=${board.path('monitor')},server=on,wait=off`, '-mon', 'chardev=monitor,mode=readline'];
  await board.bootBoard({ keys: { capture: '' }, capture: false, qemu: monitor, seconds: 900, append: process.env.GUEST_APPEND ?? '' });
  await board.ok(`mkdir /images/cidata; echo 'hostname: lamp' >/images/cidata/meta-data; chmod -R go+rX /images; dd if=/dev/urandom of=/tmp/file.img bs=1M count=${FILE / MIB}`);
  await board.launch();
  rest = new Rest(/** @type {any} */ (board));
  await rest.setUp();
  await until(async () => (await call('GET', '/usb')).state === 'configured', 'the host has set it up', HANG_MS);
});
after(async () => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
  disc?.destroy();
  large?.destroy();
});

/** @param {string} method @param {string} path @param {object} [body] */
const call = (method, path, body) => rest.ok(method, `/targets/pc${path}`, body);
const drive = async (/** @type {number} */ index) => (await call('GET', '/drives')).drives[index];
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const url = (/** @type {WebSource} */ server) => String(server.url).replace('127.0.0.1', '10.0.2.2'); // as the guest sees it

/** Pulls the guest's network cable, or plugs it in again. @param {boolean} on */
async function cable(on) {
  const socket = connect(board.path('monitor'));
  let said = '';
  socket.on('data', (data) => (said += data));
  await until(() => said.includes('(qemu)'), "QEMU's monitor listens");
  said = '';
  socket.write(`set_link net ${on ? 'on' : 'off'}\n`);
  await until(() => said.includes('(qemu)'), 'the cable is as it should be');
  socket.destroy();
}

/** The host's drive of this kind that has a medium of so many bytes. @param {string} kind @param {number} bytes */
async function hostDrive(kind, bytes) {
  const look = `for d in /dev/${kind}?; do [ -e $d ] || continue; dd if=$d of=/dev/null bs=2048 count=1 2>/dev/null; [ "$(cat /sys/block/\${d#/dev/}/size)" = ${bytes / 512} ] && echo $d; done; true`;
  return until(() => board.ok(look), `the host has a medium of ${bytes} bytes`, HANG_MS);
}

/**
 * Begins to read one MiB of the host's drive, which gives a command so many seconds. Without read-ahead: each command
 * is one that the reader waits for.
 * @param {string} device @param {number} at in MiB @param {number} patience
 */
function beginReading(device, at, patience) {
  const block = `/sys/block/${device.slice(5)}`;
  return board.start(`echo 3 >/proc/sys/vm/drop_caches; echo ${patience} >${block}/device/timeout; echo 64 >${block}/queue/read_ahead_kb
    now() { cut -d' ' -f1 /proc/uptime; }
    while sleep 0.1; do now; done >/tmp/beats & beats=$!
    s=$(now); dd if=${device} of=/dev/null bs=64k skip=${at * 16} count=1 2>&1; f=$(now)
    dd if=${device} of=/tmp/got-${at} bs=64k skip=${at * 16} count=16 2>&1; c=$?
    echo seconds $s $f $(now); kill $beats
    awk 'NR > 1 && $1 - p > most { most = $1 - p } { p = $1 } END { print "stood", most + 0 }' /tmp/beats; echo 30 >${block}/device/timeout; exit $c`);
}

/** command: how long the first one took. stood: how long the guest did nothing else meanwhile. @param {string} name */
async function endReading(name) {
  await until(() => board.result(name).code !== null, 'the reading ends', HANG_MS);
  const { code, out } = board.result(name);
  const [from, first, to] = (/seconds (.*)/.exec(out) ?? ['', '0 0 0'])[1].split(' ').map(Number);
  const stood = Number(/stood (.*)/.exec(out)?.[1] ?? 0);
  return { code, seconds: to - from, command: first - from, stood, out };
}

/** What was read there is what stands at the server. @param {number} at */
async function sameAsServed(at) {
  writeFileSync(board.path('served'), madeUp(LARGE).subarray(at * MIB, (at + 1) * MIB));
  await board.ok(`cmp /share/served /tmp/got-${at}`);
}
/** @param {number} at */
const sameAsBrought = (at) => board.ok(`dd if=/tmp/file.img bs=1M skip=${at} count=1 2>/dev/null | cmp - /tmp/got-${at}`);

const complaints = () => board.ok("dmesg | grep -cE 'Medium Error|I/O error|reset (high|super|full)-speed' || true");
const devnum = () => board.ok('cat /sys/bus/usb/devices/1-1/devnum');

/** A key arrives at the host. @param {string} key @param {number} code */
async function keyArrives(key, code) {
  const from = board.evdev.length;
  await call('POST', '/keys', { keys: [key], force: true });
  await until(() => new RegExp(` 1 ${code} 1`).test(board.evdev.slice(from)), 'keys arrive', HANG_MS);
}

test('a disc from a URL and an answer-file disk are in at once, and keys go on', async () => {
  const before = await devnum();
  await call('POST', '/drives/0/insert', { url: url(disc), kind: 'cdrom' });
  await call('POST', '/drives/1/insert', { image: 'cidata' });
  cd = await hostDrive('sr', DISC);
  const { size } = await drive(1);
  stick = await hostDrive('sd', size);
  const { code, out } = await endReading(beginReading(cd, 3, 30));
  assert.equal(code, 0, out);
  await sameAsServed(3);
  assert.match(await board.ok(`dd if=${stick} bs=64k 2>/dev/null | strings | grep -E 'CIDATA|hostname'`), /CIDATA[^]*hostname: lamp/);
  assert.ok(disc.given < 64 * MIB, `only what is read is fetched: ${disc.given}`);
  await call('POST', '/drives/1/eject', { force: true });
  await keyArrives('k', 37);
  assert.equal(await devnum(), before, 'no medium came or went with a new device');
});

test('a gateway that is killed while a disc from a URL is read: no byte is wrong', async () => {
  const complained = await complaints();
  await board.kill('gateway', 'STOP');
  const reading = beginReading(cd, 12, 30);
  await pause(1000);
  await board.kill('gateway');
  const { code, seconds, out } = await endReading(reading);
  console.log(`# gateway killed: the reading took ${seconds.toFixed(1)} s`);
  assert.equal(code, 0, out);
  await sameAsServed(12);
  assert.equal(await complaints(), complained);
});

test('a file that the command line brings', async () => {
  bringer = board.start('echo $$ >/run/bringer.pid; exec /guest/lightsout --socket /var/lib/lightsout/run/control.sock media insert pc --drive 1 --kind disk --file /tmp/file.img');
  stick = await hostDrive('sd', FILE).catch((error) => {
    throw new Error(`${error.message}\n${board.result(bringer).out}`);
  });
  assert.equal((await drive(1)).origin, 'stream');
  const { code, out } = await endReading(beginReading(stick, 2, 30));
  assert.equal(code, 0, out);
  await sameAsBrought(2);
});

/** Machines stand still now and then, and a reader's patience runs on: so much is no matter. */
const STILL_S = 0.5;
const TRIES = 3;
const STRIDE = 26; // MiB between the places of two tries: more than what is read ahead

/**
 * Begins to read while `lose` has taken the source away, for so many seconds. late: it was away for longer, or this machine or
 * the guest stood still meanwhile.
 * @param {{device: string, at: number, patience: number, seconds: number, lose: () => Promise<unknown>, give: () => Promise<unknown>}} how
 */
async function readWhileAway({ device, at, patience, seconds, lose, give }) {
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  await lose();
  const start = performance.now();
  const reading = beginReading(device, at, patience);
  await pause(seconds * 1000);
  await give();
  const away = (performance.now() - start) / 1000;
  const ended = await endReading(reading);
  delays.disable();
  return { ...ended, late: Math.max(away - seconds, delays.max / 1e9, ended.stood) > STILL_S };
}

/**
 * One kind loses what it comes from for so long; the reader, which gives a command `patience` seconds, must not notice. When
 * a machine stood still meanwhile, what it noticed may be that, and it is tried again elsewhere.
 * @param {Parameters<typeof readWhileAway>[0]} how @param {(at: number) => Promise<unknown>} same
 */
async function unnoticed(how, same) {
  for (let i = 0; i < TRIES; i++) {
    const at = how.at + i * STRIDE;
    const complained = await complaints();
    const { code, command, late, out } = await readWhileAway({ ...how, at });
    if (code === 0) await same(at);
    const fine = code === 0 && command > how.seconds - 1.5 && command < how.patience && (await complaints()) === complained;
    console.log(`# away for ${how.seconds} s: the first command took ${command.toFixed(1)} s from ${how.device}${late ? ', and a machine stood still' : ''}`);
    if (fine) return;
    assert.ok(late, `${code} ${command} ${out}\n${await board.ok('dmesg | tail -n 20')}`);
    await until(async () => (await drive(0)).link === 'good' && (await drive(1)).link === 'good', 'both are back', HANG_MS);
  }
  console.log('# this machine stands still too often to say anything about that');
}

/** @param {number} seconds @param {number} patience @param {number} at in MiB */
async function bothUnnoticed(seconds, patience, at) {
  await unnoticed({ device: cd, at, patience, seconds, lose: () => cable(false), give: () => cable(true) }, sameAsServed);
  const signal = (/** @type {string} */ name) => board.ok(`kill -${name} $(cat /run/bringer.pid)`);
  await unnoticed({ device: stick, at, patience, seconds, lose: () => signal('STOP'), give: () => signal('CONT') }, sameAsBrought);
}

test('away for 3 s: nothing that gives a command 5 s notices', () => bothUnnoticed(3, 5, 24));
test('away for 25 s: no OS notices', () => bothUnnoticed(25, 30, 40));

test('away for 120 s: an error, a word about it, and the media return by themselves', async () => {
  const before = await devnum();
  await cable(false);
  const first = await endReading(beginReading(cd, 60, 30));
  console.log(`# away: the error came after ${first.seconds.toFixed(1)} s`);
  assert.notEqual(first.code, 0);
  await board.ok('kill -STOP $(cat /run/bringer.pid)');
  const second = await endReading(beginReading(stick, 60, 30));
  assert.notEqual(second.code, 0);
  await pause(Math.max(0, 120 - first.seconds - second.seconds) * 1000);
  await cable(true);
  await board.ok('kill -CONT $(cat /run/bringer.pid)');
  await until(async () => (await drive(0)).link === 'good' && (await drive(1)).link === 'good', 'both are back', HANG_MS);
  for (const [device, at] of /** @type {[string, number][]} */ ([[cd, 60], [stick, 60]])) {
    const { code, seconds, out } = await endReading(beginReading(device, at, 30));
    console.log(`# back: reading took ${seconds.toFixed(1)} s`);
    assert.equal(code, 0, `${out}\n${await board.ok('dmesg | tail -n 30')}`);
    await (device === cd ? sameAsServed(at) : sameAsBrought(at));
  }
  const { body } = await rest.call('GET', '/events?limit=100');
  const told = body.events.map((/** @type {{what: string}} */ event) => event.what);
  for (const what of ['media-lost', 'media-back']) assert.ok(told.filter((/** @type {string} */ one) => one === what).length >= 2, `${what}: ${told}`);
  await keyArrives('l', 38);
  assert.equal(await devnum(), before, 'keyboard and drives never left');
});

test('a large disc from a URL: its last block', async () => {
  await call('POST', '/drives/0/eject', { force: true });
  await call('POST', '/drives/0/insert', { url: url(large), kind: 'cdrom' });
  cd = await hostDrive('sr', LARGE);
  const got = await board.ok(`dd if=${cd} bs=2048 skip=${LARGE / 2048 - 1} 2>/dev/null | sha256sum; dd if=${cd} of=/tmp/got-2400 bs=1M skip=2400 count=1`);
  writeFileSync(board.path('served'), madeUp(LARGE).subarray(LARGE - 2048, LARGE));
  assert.equal(got.slice(0, 64), (await board.ok('sha256sum /share/served')).slice(0, 64));
  await sameAsServed(2400);
});

test('nothing complained', async () => {
  assert.doesNotMatch(board.log, /AddressSanitizer|LeakSanitizer|runtime error:|no Landlock/);
  await board.end();
});
