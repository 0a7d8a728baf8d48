/* Which build of the decoder this browser can load: the one with vectors, or the same without. */

import { base } from '../base.js';

/* The smallest module with a vector in it: (func (result v128) i32.const 0, i8x16.splat, i8x16.popcnt). */
const WITH_VECTOR = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

export const hasVectors = () => WebAssembly.validate(new Uint8Array(WITH_VECTOR));

export const decoderUrl = () => `${base}/${hasVectors() ? 'lightsout.wasm' : 'lightsout-plain.wasm'}`;
