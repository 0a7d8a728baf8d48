/* Power and boot of a dongle's target on the stock kernel, from the REST interface to the other end of both cables: the
 * packets that leave the network interface, and the keys that the host's input devices say. Two cables: pc's ends in
 * dummy_hcd, which never is without a host; box's goes through USB/IP, which is, but brings down a Linux that has a
 * keyboard there (6.1), so box has none. What vivid's output plays is what its capture device
 * sees: a text screen for recipes to read. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { VGA_BIOS, biosFont } from '../../web/vga_text.mjs';
import { Board } from '../guest/board.mjs';
import { HANG_MS, program } from '../guest/guest.mjs';
import { Rest } from '../target/client.mjs';

const VIVID = 'vivid n_devs=1 num_inputs=1 input_types=3 num_outputs=1 output_types=1 node_types=0x101 multiplanar=1';
const MAC = '52:54:00:aa:bb:cc';
const PASSWORD = '01:02:03:04:05:06';
const OTHERS = { asleep: ['10.0.2.255', PASSWORD], everywhere: ['', ''], lost: ['203.0.113.255', ''] };
const RECIPES = {
  'boot-keys-menu': 'f11 every 250 ms for 100 s until screen has "boot menu"; then down*2 enter',
  'boot-keys-cd': 'f2 every 300 ms for 6 s; then esc',
  'boot-keys-disk': 'f12 every 300 ms for 6 s until "never there"; then enter',
};
const KEYS = { 1: 'esc', 28: 'enter', 60: 'f2', 87: 'f11', 88: 'f12', 108: 'down' };

/** @type {Board} */ let board;
/** @type {Rest} */ let rest;
/** @type {number} */ let started;
const reached = (/** @type {string} */ what) => console.log(`# ${((Date.now() - started) / 1000).toFixed(1)} s: ${what}`);

before(async () => {
  started = Date.now();
  board = new Board(undefined, { name: 'board-power', modules: ['vhci_hcd'], files: [program('usbip'), VGA_BIOS] });
  const box = ['[target box]', 'machine = dongle', 'udc = usbip-vudc.0', 'personality = drive', `boot-keys-cd = ${RECIPES['boot-keys-cd']}`];
  const others = Object.entries(OTHERS).flatMap(([name, [broadcast, password]]) => [
    `[target ${name}]`, 'machine = dongle', `wake-mac = ${MAC}`,
    ...(broadcast ? [`wake-broadcast = ${broadcast}`] : []), ...(password ? [`wake-secureon = ${password}`] : []),
  ]);
  await board.bootBoard({
    keys: { udc: 'dummy_udc.0', 'capture-format': 'rgb24', 'wake-mac': MAC, ...RECIPES },
    capture: VIVID,
    more: [...box, ...others],
    qemu: ['-object', `filter-dump,id=wire,netdev=net,file=${board.path('wire')}`],
  });
  await board.load('usbip_vudc', 'vhci_hcd');
  board.start('exec usbipd -e');
  await board.ok('echo 0 >/sys/bus/usb/devices/usb1/authorized_default');
  await board.launch();
  rest = new Rest(/** @type {any} */ (board));
  await rest.setUp();
  reached('lightsoutd runs');
});
after(() => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
});

/** @param {string} method @param {string} path @param {object} [body] */
const call = (method, path, body) => rest.ok(method, `/targets/${path}`, body);
const on = (/** @type {string} */ target) => call('POST', `${target}/power`, { action: 'on' });
const bootNext = (/** @type {string} */ boot) => call('PUT', 'pc/boot', { boot });
const stateIs = (/** @type {string} */ target, /** @type {string} */ state) =>
  until(async () => (await call('GET', `${target}/power`)).state === state, `${target} is ${state}`);

/* ---- the network's side ---- */

/** All frames so far (libpcap's format, little endian). */
function frames() {
  const bytes = readFileSync(board.path('wire'));
  const list = [];
  for (let at = 24; at + 16 <= bytes.length && at + 16 + bytes.readUInt32LE(at + 8) <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    list.push(bytes.subarray(at + 16, at + 16 + bytes.readUInt32LE(at + 8)));
  return list;
}

/** The magic packets among them: what is in UDP datagrams to port 9, and who they are for. */
const packets = () =>
  frames()
    .filter((frame) => frame.length > 42 && frame.readUInt16BE(12) === 0x800 && frame[14] === 0x45 && frame[23] === 17 && frame.readUInt16BE(36) === 9)
    .map((frame) => ({ to: frame.toString('hex', 0, 6), ip: [...frame.subarray(30, 34)].join('.'), bytes: frame.toString('hex', 42, 34 + frame.readUInt16BE(38)) }));

const magic = (/** @type {string} */ mac, password = '') => 'ff'.repeat(6) + mac.replaceAll(':', '').repeat(16) + password.replaceAll(':', '');

/** @param {string} target @param {string} ip @param {string} bytes */
async function wakes(target, ip, bytes) {
  const before = packets().length;
  await on(target);
  await until(() => packets().length >= before + 3, 'the packets are on the wire');
  assert.deepEqual(packets().slice(before), Array(3).fill({ to: 'ffffffffffff', ip, bytes }));
}

test('on sends magic packets with the password, byte for byte', async () => {
  await wakes('asleep', '10.0.2.255', magic(MAC, PASSWORD));
  reached('packets');
});

test("without an address they go into every interface's subnet", () => wakes('everywhere', '10.0.2.255', magic(MAC)));

test('an address without a way to it is an error that names both', async () => {
  await board.ok('ip route del default');
  const answer = await rest.call('POST', '/targets/lost/power', { action: 'on' });
  console.log(`# ${answer.status} ${JSON.stringify(answer.body)}`);
  assert.ok(answer.status >= 400);
  assert.match(answer.body.error.message, /203\.0\.113\.255 .*unreachable.*wake-broadcast/);
});

/* ---- the state ---- */

const note = (/** @type {string} */ target, /** @type {string} */ wanted) =>
  until(async () => (await call('GET', `${target}/usb`)).events.find(({ id }) => id === wanted)?.text, `${target} notes ${wanted}`, HANG_MS);

const plugIn = () => until(async () => (await board.run('usbip attach -r 127.0.0.1 -b usbip-vudc.0')).code === 0, 'box is plugged in');
const pullOut = () => board.ok('usbip detach -p 0');

test('without an LED, a target that gives no bus power is off', () => stateIs('box', 'off'));

test('switched on by hand it is on, and its boot keys begin; that nobody takes them is told', async () => {
  await call('PUT', 'box/boot', { boot: 'cd' });
  await plugIn();
  await stateIs('box', 'on');
  console.log(`# ${await note('box', 'boot-keys-not-taken')}`);
  assert.equal((await call('GET', 'box/power')).boot_next, 'default');
  reached('by hand');
});

test('a controller that tells neither leaves the state unknown', async () => {
  await pullOut(); // its bus is reset, and has power as it seems
  await stateIs('box', 'unknown');
});

/* ---- the keyboard's side ---- */

/** Keys pressed and let go at the host after this many characters of its log; a stroke is one word. @param {number} from */
function strokes(from) {
  const events = board.evdev.slice(from).split('\n').flatMap((line) => / 1 (\d+) ([01])$/.exec(line) ?? []).filter((_, i) => i % 3 !== 0);
  const list = [];
  for (let i = 0; i + 3 < events.length; i += 4) {
    assert.deepEqual([events[i], events[i + 1], events[i + 3]], [events[i + 2], '1', '0'], `a key goes down, then up: ${events}`);
    list.push(KEYS[events[i]] ?? events[i]);
  }
  return list;
}
const count = (/** @type {string[]} */ list, /** @type {string} */ key) => list.filter((name) => name === key).length;
/** A text screen of 80x25 as the VGA shows it, in RGB24. @param {string[]} lines */
function textScreen(lines) {
  const font = biosFont();
  const [width, cell] = [720, 9];
  const pixels = Buffer.alloc(width * 400 * 3);
  lines.forEach((line, row) =>
    [...line].forEach((character, column) => {
      for (let y = 0; y < 16; y++)
        for (let x = 0; x < 8; x++)
          if ((font[character.charCodeAt(0) * 16 + y] >> (7 - x)) & 1) pixels.fill(0xaa, ((row * 16 + y) * width + column * cell + x) * 3, ((row * 16 + y) * width + column * cell + x) * 3 + 3);
    }),
  );
  return pixels;
}

/** Plays this screen on vivid's output. @param {string[]} lines */
async function show(lines) {
  writeFileSync(board.path('screen'), textScreen(lines));
  await board.ok('[ ! -e /run/player ] || kill $(cat /run/player); cp /share/screen /run/screen');
  board.start('echo $$ >/run/player; exec v4l2-ctl -d /dev/video1 --set-fmt-video-out=pixelformat=RGB3 --stream-out-mmap --stream-loop --stream-from=/run/screen');
  await until(
    async () => {
      const { status, body } = await rest.call('GET', '/targets/pc/screen-text');
      return status === 200 && JSON.stringify(body).includes(lines[0]);
    },
    'the gateway reads the screen',
    HANG_MS,
  );
}

test('the text that vivid plays is read', async () => {
  const list = await board.ok('v4l2-ctl -d /dev/video1 --list-dv-timings');
  const index = /Index: (\d+)\s+Active width: 720\s+Active height: 400/.exec(list)?.[1];
  const menu = /(\d+): 720x400p85/.exec(await board.ok('v4l2-ctl -d /dev/video0 -L'))?.[1];
  await board.ok(`v4l2-ctl -d /dev/video1 --set-dv-bt-timings index=${index}
v4l2-ctl -d /dev/video0 -c loop_video=1,osd_text_mode=2,dv_timings_signal_mode=4,dv_timings=${menu}`);
  await show(['Press F11 for the menu']);
  reached('text');
});

let plugs = 0;
/** Says what boots next, and wakes the target up, whose system takes its USB devices a while later. @param {string} boot */
async function wake(boot) {
  plugs++;
  await call('PUT', 'pc/usb', { personality: plugs % 2 ? 'full' : 'keyboard+drive' }); // a new device, not yet configured
  await stateIs('pc', 'unknown');
  const from = board.evdev.length;
  const before = packets().length;
  await call('PUT', 'pc/boot', { boot });
  await on('pc');
  assert.equal((await call('GET', 'pc/power')).boot_next, 'default');
  await until(() => packets().length > before, 'the packet is sent');
  await board.ok('echo 1 >/sys/bus/usb/devices/1-1/authorized');
  await stateIs('pc', 'on');
  return from;
}

test('boot once: the keys repeat until the screen shows the menu, then walk through it', async () => {
  const from = await wake('menu');
  await until(() => count(strokes(from), 'f11') >= 3, 'F11 comes again and again', HANG_MS);
  assert.deepEqual([...new Set(strokes(from))], ['f11']);
  await show(['  Boot   Menu', '1. a disk', '2. a disc']);
  console.log(`# ${await note('pc', 'boot-keys-pressed')}`);
  await until(() => strokes(from).includes('enter'), 'the last key arrives', HANG_MS);
  const all = strokes(from);
  assert.deepEqual(all.slice(all.lastIndexOf('f11') + 1), ['down', 'down', 'enter']);
  reached('menu');
});

test('a recipe without a text ends at its end', async () => {
  const from = await wake('cd');
  await until(() => strokes(from).includes('esc'), 'the recipe has pressed its last key', HANG_MS);
  const all = strokes(from);
  assert.ok(count(all, 'f2') >= 1 && count(all, 'f2') <= 20, `F2 for 6 s: ${all}`);
  assert.deepEqual(all, [...Array(count(all, 'f2')).fill('f2'), 'esc']);
  reached('end');
});

test('a text that never comes ends the recipe before its next keys', async () => {
  const from = await wake('disk');
  assert.match(await note('pc', 'boot-keys-not-shown'), /never showed "never there"/);
  const all = strokes(from);
  assert.ok(count(all, 'f12') >= 1, `F12 comes: ${all}`);
  assert.equal(count(all, 'f12'), all.length, `nothing else comes: ${all}`);
  reached('given up');
});

test('a recipe with an unknown key is refused, with its line and what to do', async () => {
  const bad = readFileSync(board.path('lightsout.conf'), 'utf8').replace('f11 every', 'f11 bogus every');
  const line = bad.split('\n').findIndex((text) => text.includes('bogus')) + 1;
  writeFileSync(board.path('bad.conf'), bad);
  const { code, out } = await board.run('/guest/lightsoutd --check --config /share/bad.conf');
  console.log(`# ${out.trim()}`);
  assert.equal(code, 3);
  assert.match(out, new RegExp(`bad\\.conf:${line}: boot-keys-menu: .*bogus.*docs/power\\.md`));
});

test('nothing complained', async () => {
  assert.doesNotMatch(board.log, /AddressSanitizer|LeakSanitizer|runtime error:|Landlock/);
  await board.end();
});
