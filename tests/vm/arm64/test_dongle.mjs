/* The dongle as a whole, built for arm64, on QEMU's arm64 machine with Debian's kernel, met from outside through its REST
 * interface: vivid's picture is in the screenshot, typed keys arrive at the host's input devices, and a disc is the image
 * it was made from. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { HANG_MS } from '../guest/guest.mjs';
import { Rest } from '../target/client.mjs';

/** @type {Board} */ let board;
/** @type {Rest} */ let rest;
/** @type {number} */ let started;
const image = randomBytes(3 << 20);
const reached = (/** @type {string} */ what) => console.log(`# ${((Date.now() - started) / 1000).toFixed(1)} s: ${what}`);

before(async () => {
  started = Date.now();
  board = new Board('arm64');
  await board.bootBoard();
  writeFileSync(board.path('disc'), image);
  await board.addImage(board.path('disc'), 'disc.iso');
  await board.launch();
  reached('lightsoutd runs');
  rest = new Rest(/** @type {any} */ (board));
  await rest.setUp();
});
after(() => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
});

/** @param {string} method @param {string} path @param {object} [body] */
const call = (method, path, body) => rest.ok(method, `/targets/pc${path}`, body);

const paeth = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c) => {
  const [pa, pb, pc] = [a, b, c].map((x) => Math.abs(a + b - c - x));
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
};

/** The pixels of a PNG of 8 bits a channel (PNG specification, section 9). @param {Buffer} png */
function readPng(png) {
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const [width, height, size] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
  const [raw, stride] = [inflateSync(Buffer.concat(parts)), width * size];
  assert.equal(raw.length, (stride + 1) * height);
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < stride; x++) {
      const left = x < size ? 0 : pixels[y * stride + x - size];
      const up = y ? pixels[(y - 1) * stride + x] : 0;
      const corner = y && x >= size ? pixels[(y - 1) * stride + x - size] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][raw[y * (stride + 1)]];
      pixels[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  const at = (/** @type {number} */ x, /** @type {number} */ y) => [...pixels.subarray(y * stride + x * size, y * stride + x * size + 3)];
  return { width, height, at };
}

test("vivid's picture is in the screenshot", async () => {
  const bars = ['110', '011', '010', '101', '100', '001', '000']; // behind white, at three quarters of full
  /** @type {ReturnType<typeof readPng>|undefined} */ let shot;
  const seen = () => bars.map((_, i) => shot?.at(Math.floor((shot.width * (2 * i + 3)) / 16), Math.floor((shot.height * 3) / 4)) ?? []);
  await until(async () => {
    const answer = await rest.call('GET', '/targets/pc/screenshot');
    if (answer.status !== 200) return false;
    shot = readPng(answer.bytes);
    return seen().every((colour, i) => colour.every((value, j) => Math.abs(value - Number(bars[i][j]) * 191) <= 12));
  }, 'the screenshot shows the colour bars', HANG_MS).catch((error) => {
    throw new Error(`${error.message} It shows ${JSON.stringify(seen())}\n${board.log.slice(-3000)}`);
  });
  assert.deepEqual([shot?.width, shot?.height], [1280, 720]);
  reached('colour bars');
});

test('typed keys arrive at the host', async () => {
  await until(() => (board.evdev.match(/ appears$/gm) ?? []).length >= 3, 'the host has a keyboard and pointers', HANG_MS).catch((error) => {
    throw new Error(`${error.message}\n${board.evdev}\n${board.log.slice(-3000)}`);
  });
  await call('POST', '/type', { text: 'Hi' });
  const keys = () => board.evdev.split('\n').flatMap((line) => / 1 (?:42|35|23) [01]$/.exec(line)?.[0].trim() ?? []);
  await until(() => keys().length >= 6, 'the host has seen the keys', HANG_MS);
  assert.deepEqual(keys(), ['1 42 1', '1 35 1', '1 35 0', '1 42 0', '1 23 1', '1 23 0']);
  reached('keys');
});

test('a disc that is inserted is the image, byte for byte', async () => {
  await call('POST', '/drives/0/insert', { image: 'disc.iso', kind: 'cdrom' });
  const look = 'for d in /dev/sr?; do dd if=$d of=/dev/null bs=2048 count=1 2>/dev/null && sha256sum $d && exit 0; done; exit 1';
  const found = await until(async () => {
    const { code, out } = await board.run(look);
    return code === 0 && out;
  }, 'the host finds a disc in a drive', HANG_MS);
  assert.equal(found.slice(0, 64), createHash('sha256').update(image).digest('hex'));
  reached('disc read');
});

test('the kernel complained of nothing', () => board.end());
