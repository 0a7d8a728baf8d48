/* The framebuffer of truth and the code that applies updates to it: encode/update_apply.c as WASM (encode/wasm.c). Its
 * memory holds the picture; the body of an update and the pictures that the browser decoded for it are copied into it
 * and checked there. */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(width: number, height: number, colour: number) => number} canvas_create offset of the pixels as they are
 *   to be shown; 0: no memory
 * @property {(size: number) => number} body_room offset of room for a body, 0: no memory
 * @property {(size: number) => number} body_check what is in the room, 16 bits; -1: no room of this size
 * @property {(size: number) => number} scan number of payloads, -1: malformed
 * @property {() => number} payloads offset of struct update_payload[]
 * @property {(index: number, layout: number) => number} image_room offset of room for a decoded payload, 0: no memory
 * @property {(size: number) => number} update 1, or 0 for a malformed body
 * @property {() => number} dirty offset of struct update_dirty
 * @property {() => number} lossy_map offset of a byte per cell
 * @property {() => void} erase
 * @property {() => void} slots_erase
 */
/** @typedef {'jpeg'|'vp8'|'vp9'} Codec */
/**
 * What an update carries in another format. Multiples of 16 pixels.
 * @typedef {{codec: Codec, stream: number, key: boolean, width: number, height: number, bytes: Uint8Array<ArrayBuffer>}} Payload
 */
/**
 * A payload decoded: rows of RGBA, or the planes Y, U, V one behind the other, U and V of half the size.
 * @typedef {{layout: 'rgba'|'i420', pixels: Uint8Array}} Image
 */

const MAX_DIRTY = 256;
const PAYLOAD_SIZE = 20;
/** @type {Codec[]} */
const CODECS = ['jpeg', 'vp8', 'vp9'];
const LAYOUTS = { rgba: 1, i420: 2 };
const CELL = 16;

export class Decoder {
  /** @type {Exports} */
  #wasm;
  #pixels = 0;
  /** @type {Uint8Array|null} it is in its room and as it was sent */
  #intact = null;
  width = 0;
  height = 0;
  /** enum colour of video/csc.h; 0: RGB. */
  colour = 0;

  /** @param {Exports} wasm */
  constructor(wasm) {
    this.#wasm = wasm;
  }

  /** @param {BufferSource} code */
  static async create(code) {
    const { instance } = await WebAssembly.instantiate(code, {});
    return new Decoder(/** @type {Exports} */ (/** @type {unknown} */ (instance.exports)));
  }

  /**
   * A black picture of this size. The slots stay.
   * @param {number} width @param {number} height @param {number} colour
   * @returns {boolean} false: no memory
   */
  resize(width, height, colour) {
    this.#pixels = this.#wasm.canvas_create(width, height, colour);
    this.width = this.#pixels ? width : 0;
    this.height = this.#pixels ? height : 0;
    this.colour = colour;
    return this.#pixels !== 0;
  }

  /** Whether a body is as it was sent; nothing of another one is to be read. @param {Uint8Array} body @param {number} check */
  intact(body, check) {
    this.#intact = null;
    const good = this.#enter(body) && this.#wasm.body_check(body.length) === check;
    this.#intact = good ? body : null;
    return good;
  }

  /** What the browser must decode before this body can be applied. @param {Uint8Array} body @returns {Payload[]|null} null: malformed */
  payloads(body) {
    if (!((body[1] ?? 0) & 14)) return [];
    const count = this.#enter(body) ? this.#wasm.scan(body.length) : -1;
    if (count < 0) return null;
    const view = new DataView(this.#wasm.memory.buffer, this.#wasm.payloads(), count * PAYLOAD_SIZE);
    return Array.from({ length: count }, (_, i) => payloadAt(view, i * PAYLOAD_SIZE, body));
  }

  /**
   * @param {Uint8Array} body
   * @param {Image[]} [images] one for each of its payloads
   * @returns {Rect[]|null} what it changed; null: malformed, the picture is void
   */
  apply(body, images = []) {
    if (!this.#pixels || !this.#enter(body)) return null;
    if (images.length && !this.#enterImages(body, images)) return null;
    return this.#wasm.update(body.length) ? this.#dirty() : null;
  }

  /** For each cell in reading order 1 when its pixels are inexact; a copy. */
  lossyMap() {
    const [columns, rows] = [Math.ceil(this.width / CELL), Math.ceil(this.height / CELL)];
    const map = this.#pixels ? this.#bytes(this.#wasm.lossy_map(), columns * rows).slice() : new Uint8Array();
    return { columns, rows, map };
  }

  /** What was ever on this screen is gone from the memory, slots too. */
  erase() {
    this.#wasm.erase();
    this.#intact = null;
    this.#pixels = this.width = this.height = 0;
  }

  /** The slots alone. */
  eraseSlots() {
    this.#wasm.slots_erase();
  }

  /** The picture itself, not a copy; void after the next call of resize or apply, which may move the memory. */
  get pixels() {
    return new Uint8ClampedArray(this.#wasm.memory.buffer, this.#pixels, this.width * this.height * 4);
  }

  /** A copy of a part of the picture, RGBA. @param {Rect} rect inside the picture */
  read({ x, y, width, height }) {
    const copy = new Uint8ClampedArray(width * height * 4);
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * this.width + x) * 4;
      copy.set(this.pixels.subarray(from, from + width * 4), row * width * 4);
    }
    return copy;
  }

  /** @param {number} at @param {number} size */
  #bytes(at, size) {
    return new Uint8Array(this.#wasm.memory.buffer, at, size);
  }

  /** @param {Uint8Array} body */
  #enter(body) {
    if (this.#intact === body) return true;
    this.#intact = null;
    const room = this.#wasm.body_room(body.length);
    if (room) this.#bytes(room, body.length).set(body);
    return room !== 0;
  }

  /** @param {Uint8Array} body @param {Image[]} images */
  #enterImages(body, images) {
    if (this.#wasm.scan(body.length) !== images.length) return false;
    return images.every(({ layout, pixels }, i) => {
      const room = this.#wasm.image_room(i, LAYOUTS[layout]);
      if (room) this.#bytes(room, pixels.length).set(pixels);
      return room !== 0;
    });
  }

  #dirty() {
    const at = this.#wasm.dirty();
    const view = new DataView(this.#wasm.memory.buffer, at);
    const count = Math.min(MAX_DIRTY, view.getUint32(0, true));
    /** @type {Rect[]} */
    const rects = [];
    for (let i = 0, offset = 4; i < count; i++, offset += 8)
      rects.push({
        x: view.getUint16(offset, true),
        y: view.getUint16(offset + 2, true),
        width: view.getUint16(offset + 4, true),
        height: view.getUint16(offset + 6, true),
      });
    return rects;
  }
}

/** @param {DataView} view @param {number} at @param {Uint8Array} body @returns {Payload} */
function payloadAt(view, at, body) {
  const start = view.getUint32(at + 12, true);
  return {
    codec: CODECS[view.getUint32(at, true)],
    stream: view.getUint8(at + 4),
    key: view.getUint8(at + 5) !== 0,
    width: view.getUint16(at + 6, true),
    height: view.getUint16(at + 8, true),
    bytes: body.slice(start, start + view.getUint32(at + 16, true)),
  };
}
