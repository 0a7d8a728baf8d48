// The golden update bodies through the module that the page uses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('.', import.meta.url);
const code = readFileSync(process.env.LIGHTSOUT_WASM);

async function load() {
  const { instance } = await WebAssembly.instantiate(code, {});
  return instance.exports;
}

function apply(module, body) {
  const room = module.body_room(body.length);
  assert.notEqual(room, 0);
  new Uint8Array(module.memory.buffer, room, body.length).set(body);
  return module.update(body.length);
}

function hash(module) {
  const [low, high] = new Uint32Array(module.memory.buffer, module.canvas_hash(), 2);
  return (BigInt(high) << 32n | BigInt(low)).toString(16).padStart(16, '0');
}

function dirty(module) {
  const at = module.dirty();
  const [count] = new Uint32Array(module.memory.buffer, at, 1);
  const numbers = new Uint16Array(module.memory.buffer, at + 4, 4 * count);
  return Array.from({ length: count }, (_, i) => numbers.slice(4 * i, 4 * i + 4));
}

// Every pixel that differs from the canvas before lies in a dirty rectangle.
function assertDirtyCovers(module, before, after, width) {
  const rects = dirty(module);
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    const x = (i >> 2) % width;
    const y = Math.floor((i >> 2) / width);
    assert(rects.some((r) => x >= r[0] && x < r[0] + r[2] && y >= r[1] && y < r[1] + r[3]), `pixel ${x},${y}`);
  }
}

const vectors = readFileSync(new URL('index.txt', folder), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => line.split(' '));

test('there are vectors', () => assert(vectors.length > 10));

for (const [name, width, height, colour, wanted, ...files] of vectors) {
  test(name, async () => {
    const module = await load();
    const pixels = module.canvas_create(Number(width), Number(height), Number(colour));
    assert.notEqual(pixels, 0);
    const canvas = () => new Uint8Array(module.memory.buffer, pixels, width * height * 4).slice();
    for (const file of files) {
      const before = canvas();
      const good = apply(module, readFileSync(new URL(file, folder)));
      assert.equal(good, wanted === 'malformed' ? 0 : 1);
      const after = canvas();
      assert(after.every((byte, i) => i % 4 !== 3 || byte === 255));
      if (good) assertDirtyCovers(module, before, after, Number(width));
    }
    if (wanted !== 'malformed') assert.equal(hash(module), wanted);
  });
}

test('imports nothing, and exports what the page calls', async () => {
  assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(code)), []);
  const names = Object.keys(await load());
  for (const name of ['body_room', 'canvas_create', 'canvas_hash', 'dirty', 'memory', 'update']) assert(names.includes(name), name);
});

test('refuses sizes that are none, and works on', async () => {
  const module = await load();
  for (const [w, h] of [[0, 5], [5, 0], [8193, 1], [1, 8193], [-1, -1]]) assert.equal(module.canvas_create(w, h), 0);
  assert.equal(module.update(2), 0);
  assert.equal(module.body_room(8 * 65536 + 1), 0);
  assert.notEqual(module.canvas_create(1920, 1080), 0);
  assert.equal(apply(module, Uint8Array.of(2, 0, 0)), 1);
  assert.notEqual(module.canvas_create(3840, 2160), 0);
  assert.equal(apply(module, Uint8Array.of(2, 0, 8, 1, 0, 0, 0xf0, 1, 1, 9, 8)), 0);
});
