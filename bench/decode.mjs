/* node decode.mjs WASM < STREAM: milliseconds that the page's module takes for the updates of all frames but the first, the
 * best of some passes; the stream is bench-decode's. */
import { readFileSync } from 'node:fs';

const PASSES = 4; // in the first one the module is still being compiled
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { exports: module } = instance;
const stream = readFileSync(0);

function pass() {
  module.slots_erase();
  if (!module.canvas_create(stream.readUInt32LE(0), stream.readUInt32LE(4), 0)) throw new Error('No canvas of this size.');
  let ms = 0;
  for (let at = 8; at < stream.length; ) {
    const frame = stream.readUInt32LE(at);
    const size = stream.readUInt32LE(at + 4);
    const room = module.body_room(size);
    const start = performance.now();
    new Uint8Array(module.memory.buffer, room, size).set(stream.subarray(at + 8, at + 8 + size));
    module.body_check(size); // the page does it for each body first
    if (module.scan(size) !== 0 || !module.update(size)) throw new Error(`An update for frame ${frame} is malformed.`);
    if (frame > 0) ms += performance.now() - start;
    at += 8 + size;
  }
  return ms;
}

console.log(Math.min(...Array.from({ length: PASSES }, pass)));
