/* Puts the changed parts of the framebuffer onto the canvas, at once: waiting for an animation frame would only add
 * delay. */

/** @typedef {import('./decoder.js').Decoder} Decoder */
/** @typedef {import('./decoder.js').Rect} Rect */

/** How long a canvas may go on showing the picture before a new one of the same size, where that is not painted yet. */
const STALE_MS = 2000;

export class Painter {
  /** @type {ImageData|null} */
  #image = null;
  /** When what the canvas still shows of the picture before has to go; 0: there is nothing of it. */
  #staleUntil = 0;

  /** @param {HTMLCanvasElement|OffscreenCanvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = /** @type {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D|null} */ (
      canvas.getContext('2d', { alpha: false })
    );
    if (!context) throw new Error('This browser gives no 2D canvas.');
    this.context = context;
  }

  /**
   * A new picture. One of the same size is painted over the old one part by part, so that a refresh does not flash: the
   * rest of the old goes with the first update that makes the new one complete, or after two seconds.
   * @param {Decoder} decoder @param {number} now ms
   */
  resize(decoder, now) {
    this.#image = null;
    if (this.canvas.width === decoder.width && this.canvas.height === decoder.height) {
      this.#staleUntil ||= now + STALE_MS;
      return;
    }
    this.canvas.width = decoder.width;
    this.canvas.height = decoder.height;
    this.paintAll(decoder);
  }

  /** @param {Decoder} decoder @param {Rect[]} rects @param {boolean} complete the picture is whole now */
  paint(decoder, rects, complete) {
    if (complete && this.#staleUntil) return this.paintAll(decoder);
    const image = this.#imageOf(decoder);
    for (const { x, y, width, height } of rects) this.context.putImageData(image, 0, 0, x, y, width, height);
  }

  /** @param {Decoder} decoder */
  paintAll(decoder) {
    this.#staleUntil = 0;
    if (decoder.width) this.context.putImageData(this.#imageOf(decoder), 0, 0);
  }

  /** To be called now and then. @param {Decoder} decoder @param {number} now ms */
  tick(decoder, now) {
    if (this.#staleUntil && now >= this.#staleUntil) this.paintAll(decoder);
  }

  /** Nothing of the picture stays. */
  erase() {
    this.canvas.width = this.canvas.height = 1;
    this.#image = null;
    this.#staleUntil = 0;
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
