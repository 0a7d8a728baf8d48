/* Pictures on the canvas equal the source's, bit for bit: a recording is piped into the gateway frame by frame, and each
 * is hashed in the page. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { assertQuiet, canvasHash, launch, newPage, openConsole, setUp } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { csc } from './media.mjs';
import { until } from './until.mjs';

const BGRX = 0x34325258; // the fourcc "XR24", little endian in memory: B G R X
const YUYV = 0x56595559;

/** Formats in planes: pixels that share a value of chroma across and down; pairs: U and V stand together in one plane. */
const PLANAR = {
  NV12: { across: 2, down: 2, pairs: true },
  NV16: { across: 2, down: 1, pairs: true },
  YU12: { across: 2, down: 2, pairs: false },
  '422P': { across: 2, down: 1, pairs: false },
  '444P': { across: 1, down: 1, pairs: false },
};
const [ODD_WIDTH, ODD_HEIGHT] = [201, 121];

let gateway, browser, page;
const pipes = {};

/** A named pipe with a recording's head in it, kept open so that the gateway never sees its end. */
async function makePipe(name, width, height, fourcc = BGRX) {
  const path = gateway.path(`${name}.raw`);
  execFileSync('mkfifo', [path]);
  chmodSync(path, 0o644);
  pipes[name] = await open(path, constants.O_RDWR);
  const head = Buffer.alloc(23);
  head.write('LSRAW1\n', 'latin1');
  [width, height, 0, fourcc].forEach((value, i) => head.writeUInt32LE(value, 7 + 4 * i));
  await pipes[name].write(head);
  return path;
}

before(async () => {
  gateway = await Gateway.create({});
  gateway.targets.small = { machine: 'replay', recording: await makePipe('small', 200, 120) };
  gateway.targets.large = { machine: 'replay', recording: await makePipe('large', 1920, 1080) };
  gateway.targets.yuyv = { machine: 'replay', recording: await makePipe('yuyv', 200, 120, YUYV) };
  for (const name of Object.keys(PLANAR)) {
    const recording = await makePipe(name, ODD_WIDTH, ODD_HEIGHT, Buffer.from(name).readUInt32LE());
    gateway.targets[name.toLowerCase()] = { machine: 'replay', recording };
  }
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
  for (const pipe of Object.values(pipes)) await pipe.close();
});

let seed = 20261121;
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

/** Changes a random part of the frame in a random manner. X, the fourth byte, is noise: it must not matter. */
function disturb(frame, width, height) {
  const [x, y] = [random(width), random(height)];
  const [w, h] = [1 + random(width - x), 1 + random(height - y)];
  const manner = random(5);
  const colour = random(2 ** 32);
  for (let row = y; row < y + h; row++)
    for (let column = x; column < x + w; column++) {
      const at = (row * width + column) * 4;
      if (manner === 0) frame.writeUInt32LE(random(2 ** 32), at); // noise
      else if (manner === 1) frame.writeUInt32LE(colour, at); // one colour
      else if (manner === 2) frame.writeUInt32LE(((column >> 3) * 0x10503 + row * 7) >>> 0, at); // a pattern
      else if (manner === 3) frame.writeUInt32LE(random(3) ? 0xff000000 : 0xaaaaaaaa, at); // like text
    }
  if (manner === 4) scroll(frame, width, height, 1 + random(20));
}

function scroll(frame, width, height, lines) {
  frame.copyWithin(0, lines * width * 4);
  frame.fill(random(256), (height - lines) * width * 4);
}

function hashOf(frame) {
  const pixels = Buffer.from(frame);
  for (let i = 0; i < pixels.length; i += 4) {
    [pixels[i], pixels[i + 2]] = [pixels[i + 2], pixels[i]];
    pixels[i + 3] = 255;
  }
  return createHash('sha256').update(pixels).digest('hex');
}

async function writeAll(pipe, bytes) {
  for (let done = 0; done < bytes.length; ) done += (await pipe.write(bytes, done)).bytesWritten;
}

async function show(name, width, height, count) {
  const frame = Buffer.alloc(width * height * 4);
  await openConsole(page, gateway, name);
  for (let n = 0; n < count; n++) {
    for (let changes = 1 + random(4); changes > 0; changes--) disturb(frame, width, height);
    await writeAll(pipes[name], frame);
    const hash = hashOf(frame);
    await until(async () => (await canvasHash(page))?.hash === hash, `frame ${n} stands on the canvas exactly`);
  }
  await until(async () => (await canvasHash(page)).exact, 'the page knows that the picture is exact');
}

test('200 random small frames', () => show('small', 200, 120, 200));
test('five random frames of 1920 x 1080', () => show('large', 1920, 1080, 5));

test('a new page gets the same picture at once', async () => {
  const { hash } = await canvasHash(page);
  await page.reload();
  await until(async () => (await canvasHash(page))?.hash === hash, 'the picture is there again');
});

test('a part can be read, from memory and canvas alike; what lies outside is not there', async () => {
  const read = (from) =>
    page.evaluate(async (from) => {
      const { width, height, pixels } = await document.querySelector('console-screen').readPixels(from);
      return { width, height, pixels: [...pixels] };
    }, from);
  const rect = { x: 1900, y: 1070, width: 20, height: 10 };
  const memory = await read({ rect });
  assert.equal(memory.pixels.length, 20 * 10 * 4);
  assert.deepEqual(await read({ rect, canvas: true }), memory);
  assert.deepEqual(await read({ rect: { ...rect, x: 1901 } }), { width: 0, height: 0, pixels: [] });
});

test('the status strip says Exact', async () => {
  await page.getByText('Exact', { exact: true }).waitFor();
  assert.equal(await page.getByTitle('Video mode of the target').textContent(), '1920 × 1080');
});

/** A capture card's frame, 4:2:2, in parts of one colour or noise; and the colours that it stands for. */
function disturbYuyv(frame, width, height) {
  const [x, y] = [random(width / 2), random(height)];
  const [w, h] = [1 + random(width / 2 - x), 1 + random(height - y)];
  const noise = random(2);
  const colour = [random(256), random(256), random(256), random(256)];
  for (let row = y; row < y + h; row++)
    for (let pair = x; pair < x + w; pair++)
      for (let i = 0; i < 4; i++) frame[(row * width + 2 * pair) * 2 + i] = noise ? random(256) : colour[i];
}

function hashOfYuyv(frame) {
  const rgba = Buffer.alloc(frame.length * 2, 255);
  for (let i = 0; i < frame.length; i += 4)
    for (const second of [0, 1]) csc(1, frame[i + 2 * second], frame[i + 1], frame[i + 3]).forEach((value, c) => (rgba[2 * i + 4 * second + c] = value));
  return createHash('sha256').update(rgba).digest('hex');
}

test('50 random frames of a capture card’s YUYV: chroma replicated, one conversion', async () => {
  const [width, height] = [200, 120];
  const frame = Buffer.alloc(width * height * 2, Buffer.from([16, 128]));
  await openConsole(page, gateway, 'yuyv');
  for (let n = 0; n < 50; n++) {
    for (let changes = 1 + random(3); changes > 0; changes--) disturbYuyv(frame, width, height);
    await writeAll(pipes.yuyv, frame);
    const hash = hashOfYuyv(frame);
    await until(async () => (await canvasHash(page))?.hash === hash, `frame ${n} stands on the canvas exactly`);
  }
});

/** The planes of a frame one behind the other, and what is read of a pixel. */
function planesOf({ across, down, pairs }) {
  const [width, height] = [Math.ceil(ODD_WIDTH / across), Math.ceil(ODD_HEIGHT / down)];
  const luma = ODD_WIDTH * ODD_HEIGHT;
  const chroma = width * height;
  const at = (x, y) => {
    const sample = Math.floor(y / down) * width + Math.floor(x / across);
    const u = luma + (pairs ? 2 * sample : sample);
    return [y * ODD_WIDTH + x, u, pairs ? u + 1 : u + chroma];
  };
  return { size: luma + 2 * chroma, at };
}

function hashOfPlanes(frame, at) {
  const rgba = Buffer.alloc(ODD_WIDTH * ODD_HEIGHT * 4, 255);
  for (let y = 0; y < ODD_HEIGHT; y++)
    for (let x = 0; x < ODD_WIDTH; x++) {
      const [luma, u, v] = at(x, y);
      csc(1, frame[luma], frame[u], frame[v]).forEach((value, c) => (rgba[(y * ODD_WIDTH + x) * 4 + c] = value));
    }
  return createHash('sha256').update(rgba).digest('hex');
}

for (const [name, format] of Object.entries(PLANAR))
  test(`15 random frames of ${name}, of odd width and height`, async () => {
    const { size, at } = planesOf(format);
    const frame = Buffer.alloc(size, 128);
    await openConsole(page, gateway, name.toLowerCase());
    for (let n = 0; n < 15; n++) {
      const [first, count, colour] = [random(size), random(3000), random(256)];
      for (let i = first; i < Math.min(size, first + count); i++) frame[i] = n % 2 ? random(256) : colour;
      await writeAll(pipes[name], frame);
      const hash = hashOfPlanes(frame, at);
      await until(async () => (await canvasHash(page))?.hash === hash, `frame ${n} stands on the canvas exactly`);
    }
  });

test('nothing broke the content security policy or threw', () => assertQuiet(page));
