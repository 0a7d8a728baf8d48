// All 2^24 YUV triples in each matrix and range: the page's module shows the colours that the gateway's C code computes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const { LIGHTSOUT_WASM, LIGHTSOUT_DIGEST } = process.env;
const { instance } = await WebAssembly.instantiate(readFileSync(LIGHTSOUT_WASM), {});
const module = instance.exports;
const lines = execFileSync(LIGHTSOUT_DIGEST, { encoding: 'utf8' }).trim().split('\n');

test('there are four conversions, all different', () => {
  assert.equal(lines.length, 4);
  assert.equal(new Set(lines.map((line) => line.split(' ')[1])).size, 4);
});

for (const [colour, wanted] of lines.map((line) => line.split(' ')))
  test(`conversion ${colour}`, () => {
    const [low, high] = new Uint32Array(module.memory.buffer, module.csc_digest(Number(colour)), 2);
    assert.equal((BigInt(high) << 32n | BigInt(low)).toString(16).padStart(16, '0'), wanted);
  });

test('a canvas of a YUV source shows black for three zeros as its matrix has it, and rectangles as they come', () => {
  const shown = module.canvas_create(40, 24, 1);
  const pixels = () => new Uint8Array(module.memory.buffer, shown, 40 * 24 * 4).slice();
  const at = (all, x, y) => [...all.slice((y * 40 + x) * 4, (y * 40 + x) * 4 + 4)];
  const zero = at(pixels(), 0, 0);
  assert.equal(zero[3], 255);
  // SOLID at cell 1,0: U 128, Y 235, V 128 is white in limited range.
  const body = Uint8Array.of(2, 0, 8, 1, 1, 0, 1, 1, 128, 235, 128);
  new Uint8Array(module.memory.buffer, module.body_room(body.length), body.length).set(body);
  assert.equal(module.update(body.length), 1);
  assert.deepEqual(at(pixels(), 16, 0), [255, 255, 255, 255]);
  assert.deepEqual(at(pixels(), 31, 15), [255, 255, 255, 255]);
  for (const [x, y] of [[15, 0], [32, 0], [16, 16]]) assert.deepEqual(at(pixels(), x, y), zero);
});
