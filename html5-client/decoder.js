/* The framebuffer of truth and the code that applies updates to it: encode/update_apply.c as WASM. Its memory holds
 * the picture as RGBA; the body of an update is copied into it and checked there. */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(width: number, height: number) => number} canvas_create offset of the pixels, 0: no memory
 * @property {(size: number) => number} body_room offset of room for a body, 0: no memory
 * @property {(size: number) => number} update 1, or 0 for a malformed body
 * @property {() => number} dirty offset of struct update_dirty
 */

const MAX_DIRTY = 256;

export class Decoder {
  /** @type {Exports} */
  #wasm;
  #pixels = 0;
  width = 0;
  height = 0;

  /** @param {Exports} wasm */
  constructor(wasm) {
    this.#wasm = wasm;
  }

  /** @param {BufferSource} code */
  static async create(code) {
    const { instance } = await WebAssembly.instantiate(code, {});
    return new Decoder(/** @type {Exports} */ (/** @type {unknown} */ (instance.exports)));
  }

  /** A black picture of this size. @param {number} width @param {number} height @returns {boolean} false: no memory */
  resize(width, height) {
    this.#pixels = this.#wasm.canvas_create(width, height);
    this.width = this.#pixels ? width : 0;
    this.height = this.#pixels ? height : 0;
    return this.#pixels !== 0;
  }

  /** @param {Uint8Array} body @returns {Rect[]|null} what it changed; null: malformed, the picture is void */
  apply(body) {
    const room = this.#wasm.body_room(body.length);
    if (!room || !this.#pixels) return null;
    new Uint8Array(this.#wasm.memory.buffer, room, body.length).set(body);
    return this.#wasm.update(body.length) ? this.#dirty() : null;
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
