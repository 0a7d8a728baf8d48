/* The pure parts behind the picture: order of updates, what to do about failures, stage times, planes; and what the
 * decoder's memory keeps. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isSample, samplePayload, SAMPLES } from '../../../html5-client/picture/codec_samples.js';
import { Decoder } from '../../../html5-client/picture/decoder.js';
import { checkJpeg } from '../../../html5-client/picture/jpeg_check.js';
import { rgbPlanes } from '../../../html5-client/picture/rgb_planes.js';
import { StageTimes } from '../../../html5-client/console/figures/stage_times.js';
import { Trouble } from '../../../html5-client/picture/trouble.js';
import { UpdateQueue } from '../../../html5-client/picture/update_queue.js';
import { body, bodyCheck, op } from '../bodies.mjs';
import { flat, rgbaOf } from '../media.mjs';

/** A promise that is settled by hand. */
function later() {
  const self = {};
  self.promise = new Promise((resolve, reject) => Object.assign(self, { resolve, reject }));
  return self;
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test('queue: what needs no decoding runs at once, within the call', () => {
  const queue = new UpdateQueue();
  let ran = false;
  queue.add(null, () => (ran = true), assert.fail);
  assert.ok(ran);
});

test('queue: nothing overtakes, in every order in which decoders can finish', async () => {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  for (const order of orders) {
    const queue = new UpdateQueue();
    const seen = [];
    const decodings = [later(), later(), later()];
    decodings.forEach((one, i) => {
      queue.add(one.promise, (value) => seen.push(`${i}${value}`), assert.fail);
      queue.add(null, () => seen.push(`after ${i}`), assert.fail);
    });
    for (const i of order) {
      decodings[i].resolve('!');
      await turn();
      assert.deepEqual(seen, ['0!', 'after 0', '1!', 'after 1', '2!', 'after 2'].slice(0, seen.length));
    }
    assert.equal(seen.length, 6);
    assert.equal(queue.length, 0);
  }
});

test('queue: a failure is told in its turn, and what follows runs', async () => {
  const queue = new UpdateQueue();
  const seen = [];
  const [first, second] = [later(), later()];
  queue.add(first.promise, () => seen.push('first'), assert.fail);
  queue.add(second.promise, assert.fail, (error) => seen.push(error.message));
  queue.add(null, () => { throw new Error('thrown'); }, (error) => seen.push(error.message));
  queue.add(null, () => seen.push('last'), assert.fail);
  second.reject(new Error('rejected'));
  await turn();
  assert.deepEqual(seen, []);
  first.resolve(null);
  await turn();
  assert.deepEqual(seen, ['first', 'rejected', 'thrown', 'last']);
});

test('queue: what was cleared never runs, not even when its decoder answers later', async () => {
  const queue = new UpdateQueue();
  const one = later();
  queue.add(one.promise, assert.fail, assert.fail);
  queue.add(null, assert.fail, assert.fail);
  queue.clear();
  one.resolve(null);
  await turn();
  let ran = false;
  queue.add(null, () => (ran = true), assert.fail);
  assert.ok(ran);
});

test('trouble: a refresh at once, then later and later; a codec that fails three times is given up', () => {
  const trouble = new Trouble();
  assert.deepEqual(trouble.failed('jpeg', 0), { act: 'refresh', waitMs: 0 });
  assert.deepEqual(trouble.failed('vp8', 100), { act: 'refresh', waitMs: 1000 });
  assert.deepEqual(trouble.failed('jpeg', 200), { act: 'refresh', waitMs: 2000 });
  assert.deepEqual(trouble.failed('jpeg', 300), { act: 'reconnect', without: 'jpeg' });
  assert.deepEqual(trouble.failed('vp8', 400), { act: 'refresh', waitMs: 1000 });
  assert.deepEqual(trouble.failed('vp8', 500), { act: 'reconnect', without: 'vp8' });
  assert.deepEqual(trouble.failed(null, 600), { act: 'refresh', waitMs: 0 });
  assert.deepEqual(trouble.failed(null, 70000), { act: 'refresh', waitMs: 0 }, 'a calm minute forgets');
});

test('trouble: never longer than 30 s', () => {
  const trouble = new Trouble();
  const waits = Array.from({ length: 40 }, (_, i) => trouble.failed(/** @type {any} */ (`codec ${i}`), i)).map(({ waitMs }) => waitMs);
  assert.equal(Math.max(...waits), 30000);
});

test('stage times: quantiles, the network as half a round trip, bits by class', () => {
  const times = new StageTimes();
  assert.deepEqual(times.now(10, 0).stages, []);
  times.update(null, { received: 0, applied: 1, painted: 2 });
  assert.equal(times.now(10, 0).total, null, 'without the gateway’s times there is nothing to tell');
  for (let n = 1; n <= 100; n++)
    times.update({ track: 1000, wait: 2000, encode: n * 1000, send: 0 }, { received: 50, applied: 53, painted: 54 });
  const { stages, total, key } = times.now(10, 0);
  assert.deepEqual(stages.find(({ stage }) => stage === 'encode'), { stage: 'encode', p50: 51, p95: 96 });
  assert.deepEqual(stages.find(({ stage }) => stage === 'network'), { stage: 'network', p50: 5, p95: 5 });
  assert.deepEqual(total, { p50: 1 + 2 + 51 + 5 + 3 + 1, p95: 1 + 2 + 96 + 5 + 3 + 1 });
  assert.equal(key, total.p50 + 5);
  times.stats({ text: 4294967290, photo: 0, video: 0, settle: 0 }, 1000);
  times.stats({ text: 994, photo: 500, video: 0, settle: 0 }, 2000);
  const { classes } = times.now(null, 2500);
  assert.deepEqual(classes.map(({ bits }) => bits), [8000, 4000, 0, 0]);
  assert.deepEqual(times.now(null, 9000).classes.map(({ bits }) => bits), [0, 0, 0, 0], 'no news: nothing flows');
});

test('samples: each is told from another picture', () => {
  for (const codec of /** @type {('jpeg'|'vp8'|'vp9')[]} */ (Object.keys(SAMPLES))) {
    const { width, bytes } = samplePayload(codec);
    assert.ok(bytes.length < 300);
    const pixels = new Uint8Array(width * width * 4).map((_, i) => [64, 128, 192, 255][i & 3]);
    assert.ok(isSample(codec, { layout: 'rgba', pixels }));
    assert.ok(!isSample(codec, { layout: 'rgba', pixels: new Uint8Array(width * width * 4) }));
    assert.ok(!isSample(codec, { layout: 'i420', pixels: new Uint8Array((width * width * 3) / 2).fill(128) }));
  }
});

test('planes that a browser made RGB of come back, in each conversion', () => {
  const size = { width: 16, height: 16 };
  for (const [conversion, colour] of /** @type {const} */ ([['bt601', 1], ['jfif', 2], ['bt709', 3]]))
    for (const planes of [[116, 140, 110], [60, 120, 135], [200, 128, 128]]) {
      const image = rgbPlanes(rgbaOf(flat(16, 16, planes), 16, 16, colour), size, conversion);
      assert.equal(image.layout, 'i420');
      assert.equal(image.pixels.length, 384);
      [0, 255, 256, 319, 320, 383].forEach((at, i) => assert.ok(Math.abs(image.pixels[at] - planes[i >> 1]) <= 1, `${conversion} ${at}`));
    }
});

test('a JPEG that is cut short, damaged before its data, or of another size is none', () => {
  const { bytes } = samplePayload('jpeg');
  const size = { width: 16, height: 16 };
  checkJpeg(bytes, size);
  for (let end = 0; end < bytes.length; end++) assert.throws(() => checkJpeg(bytes.subarray(0, end), size));
  for (const at of [0, 1, 2, 20, 21]) assert.throws(() => checkJpeg(bytes.with(at, 0x5a), size), `byte ${at}`);
  assert.throws(() => checkJpeg(bytes, { width: 32, height: 16 }), /16 x 16 came for 32 x 16/);
  assert.throws(() => checkJpeg(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), size));
});

const code = join(process.env.LIGHTSOUT_BUILD ?? 'build/release', 'lightsout.wasm');

test('decoder: what the page loads of it is less than 64 KiB', { skip: !existsSync(code) }, () => {
  assert.ok(gzipSync(readFileSync(code), { level: 9 }).length < 65536);
});

const golden = (name) => readFileSync(new URL(`../../vectors/update/${name}.body`, import.meta.url));
/** @param {'jpeg'|'vp8'} codec */
const carrying = (codec) => {
  const cover = codec === 'jpeg' ? op.photo([[0, 0, 1, 1]]) : op.video(0, 0, [[0, 0, 1, 1]]);
  return body([cover], [{ codec, columns: 1, rows: 1, data: samplePayload(codec).bytes, key: codec === 'vp8' }]);
};
const SENT = {
  'modelled tiles': golden('modelled-photo-1'), 'run tiles': golden('runs-1'), 'raw tiles': golden('raw-1').subarray(0, 2000),
  copies: golden('copy-1'), slots: golden('slots-2'), 'a JPEG': carrying('jpeg'), 'VP8': carrying('vp8'),
};

for (const [what, sent] of Object.entries(SENT))
  test(`decoder: each wrong bit in a body with ${what} is found, and so is what was cut off`, { skip: !existsSync(code) }, async () => {
    const decoder = await Decoder.create(readFileSync(code));
    const check = bodyCheck(sent);
    assert.ok(decoder.intact(sent, check));
    const damaged = Buffer.from(sent);
    for (let bit = 0; bit < 8 * sent.length; bit++) {
      damaged[bit >> 3] ^= 1 << (bit & 7);
      assert.ok(!decoder.intact(damaged, check), `bit ${bit}`);
      damaged[bit >> 3] ^= 1 << (bit & 7);
    }
    for (let size = 0; size < sent.length; size++) assert.ok(!decoder.intact(sent.subarray(0, size), check), `${size} bytes`);
    assert.ok(!decoder.intact(Buffer.concat([sent, Buffer.from([0])]), check), 'a byte more');
    for (let bit = 0; bit < 16; bit++) assert.ok(!decoder.intact(sent, check ^ (1 << bit)), `bit ${bit} of the check`);
  });

test('decoder: a body larger than any is never intact, and a checked one is applied as it was checked', { skip: !existsSync(code) }, async () => {
  const decoder = await Decoder.create(readFileSync(code));
  const large = Buffer.alloc((1 << 19) + 1);
  assert.ok(!decoder.intact(large, bodyCheck(large)));
  assert.ok(decoder.resize(64, 64, 0));
  const [one, other] = [[1, 2, 3], [4, 5, 6]].map((colour) => body([op.solid([0, 0, 1, 1], colour)]));
  assert.ok(decoder.intact(one, bodyCheck(one)));
  assert.ok(decoder.apply(other)); // it takes the room
  assert.ok(decoder.apply(one));
  assert.deepEqual([...decoder.pixels.subarray(0, 4)], [1, 2, 3, 255]);
});

test('decoder: slots outlive canvases; after erasing nothing of a screen is left in the memory', { skip: !existsSync(code) }, async () => {
  const bytes = readFileSync(code);
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const decoder = new Decoder(/** @type {any} */ (instance.exports));
  const memory = () => Buffer.from(/** @type {any} */ (instance.exports).memory.buffer);
  const secret = Buffer.from([0xc1, 0xc2, 0xc3]);
  assert.ok(decoder.resize(64, 64, 0));
  assert.ok(decoder.apply(body([op.solid([0, 0, 1, 1], secret), op.fill(0, 0)])));
  assert.ok(decoder.resize(128, 64, 1));
  assert.equal(decoder.apply(body([op.show(2, 1)]))?.length, 1);
  assert.ok(memory().includes(secret));
  decoder.eraseSlots();
  assert.ok(decoder.resize(64, 64, 0));
  assert.equal(decoder.apply(body([op.show(2, 1)])), null, 'the slot is empty');
  assert.ok(decoder.resize(64, 64, 0));
  assert.ok(decoder.apply(body([op.solid([0, 0, 1, 1], secret), op.fill(0, 0)])));
  decoder.erase();
  assert.ok(!memory().includes(secret));
  assert.equal(decoder.apply(body([])), null, 'there is no canvas');
});
