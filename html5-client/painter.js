/* Puts the changed parts of the framebuffer onto the canvas, at once: waiting for an animation frame would only add
 * delay. */

/** @typedef {import('./decoder.js').Decoder} Decoder */
/** @typedef {import('./decoder.js').Rect} Rect */

export class Painter {
  /** @type {ImageData|null} */
  #image = null;

  /** @param {HTMLCanvasElement|OffscreenCanvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = /** @type {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D|null} */ (
      canvas.getContext('2d', { alpha: false })
    );
    if (!context) throw new Error('This browser gives no 2D canvas.');
    this.context = context;
  }

  /** @param {Decoder} decoder */
  resize(decoder) {
    this.canvas.width = decoder.width;
    this.canvas.height = decoder.height;
    this.#image = null;
    this.paintAll(decoder);
  }

  /** @param {Decoder} decoder @param {Rect[]} rects */
  paint(decoder, rects) {
    const image = this.#imageOf(decoder);
    for (const { x, y, width, height } of rects) this.context.putImageData(image, 0, 0, x, y, width, height);
  }

  /** @param {Decoder} decoder */
  paintAll(decoder) {
    if (decoder.width) this.context.putImageData(this.#imageOf(decoder), 0, 0);
  }

  /** What is really on the canvas, RGBA. @param {Rect} rect inside the picture */
  read({ x, y, width, height }) {
    return this.context.getImageData(x, y, width, height).data;
  }

  /** @param {Decoder} decoder */
  #imageOf(decoder) {
    // Growing memory detaches the old view: its data then has length 0.
    if (!this.#image || !this.#image.data.length || this.#image.width !== decoder.width)
      this.#image = new ImageData(decoder.pixels, decoder.width, decoder.height);
    return this.#image;
  }
}
