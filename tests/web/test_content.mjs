/* Photographs and moving pictures through the real gateway: whatever was sent inexactly on the way, at rest the canvas equals
 * the source bit for bit. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { assertQuiet, canvasHash, launch, newPage, openConsole, setUp } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { moving, rgbaOf } from './media.mjs';
import { until } from './until.mjs';

const [WIDTH, HEIGHT] = [640, 400];
const BGRX = 0x34325258;
let gateway, browser, page, pipe;

before(async () => {
  gateway = await Gateway.create({});
  const path = gateway.path('screen.raw');
  execFileSync('mkfifo', [path]);
  chmodSync(path, 0o644);
  pipe = await open(path, constants.O_RDWR);
  const head = Buffer.alloc(23);
  head.write('LSRAW1\n', 'latin1');
  [WIDTH, HEIGHT, 0, BGRX].forEach((value, i) => head.writeUInt32LE(value, 7 + 4 * i));
  await pipe.write(head);
  gateway.targets.screen = { machine: 'replay', recording: path };
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  await setUp(page, gateway);
  await openConsole(page, gateway, 'screen');
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
  await pipe?.close();
});

const swapped = (pixels) => {
  const other = Buffer.from(pixels);
  for (let i = 0; i < other.length; i += 4) [other[i], other[i + 2]] = [other[i + 2], other[i]];
  return other;
};

async function send(rgba) {
  const frame = swapped(rgba);
  for (let done = 0; done < frame.length; ) done += (await pipe.write(frame, done)).bytesWritten;
}

async function restsAt(rgba) {
  const hash = createHash('sha256').update(rgba).digest('hex');
  await until(async () => (await canvasHash(page))?.hash === hash, 'the picture at rest is the source’s');
  await until(async () => (await canvasHash(page)).exact, 'the page knows that it is exact');
}

let seed = 5;
const random = (below) => (seed = (seed * 16807) % 2147483647) % below;

/** What a camera makes: soft shapes in every colour, with a little noise. */
function photograph() {
  const rgba = Buffer.alloc(WIDTH * HEIGHT * 4, 255);
  const [a, b, c] = [60 + random(60), 40 + random(40), 90 + random(50)];
  for (let y = 0, at = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++, at += 4) {
      const light = 90 * Math.sin(x / a) * Math.cos(y / b) + 50 * Math.sin((x + 2 * y) / c);
      rgba[at] = 128 + light + random(5);
      rgba[at + 1] = 118 + light * 0.8 + random(5);
      rgba[at + 2] = 100 - light * 0.6 + random(5);
    }
  return rgba;
}

test('a photograph, and another one in its place', async () => {
  for (let n = 0; n < 2; n++) {
    const rgba = photograph();
    await send(rgba);
    await restsAt(rgba);
  }
});

test('a video in a window on a photograph, two seconds of it', async () => {
  const screen = photograph();
  const [w, h, left, top] = [320, 240, 150, 70];
  for (let n = 0; n < 50; n++) {
    const frame = rgbaOf(moving(w, h, 5 * n), w, h, 2);
    for (let y = 0; y < h; y++) frame.copy(screen, ((top + y) * WIDTH + left) * 4, y * w * 4, (y + 1) * w * 4);
    await send(screen);
    await new Promise((resolve) => setTimeout(resolve, 40)); // as quickly as a video is played
  }
  await restsAt(screen);
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
