/* From the browser's pointer figures to the protocol's. Pure. */

/**
 * Position over the picture, 0..32767 in both directions, clamped to the picture.
 * @param {{clientX: number, clientY: number}} event
 * @param {{left: number, top: number, width: number, height: number}} box the picture on the page
 */
export function absolutePosition(event, box) {
  /** @param {number} at @param {number} size */
  const along = (at, size) => Math.max(0, Math.min(32767, Math.round((at / Math.max(1, size)) * 32767)));
  return { x: along(event.clientX - box.left, box.width), y: along(event.clientY - box.top, box.height) };
}

/** Counted in parts of a detent, so that 100 pixels, 3 lines and 1 page are whole numbers of them. */
const DETENT = 300;
const PARTS = [3, 100, 300];

/** Browsers tell scrolling in pixels, lines or pages; the target wants detents. What is less than one is kept. */
export class WheelCounter {
  #vertical = 0;
  #horizontal = 0;

  /**
   * @param {{deltaX: number, deltaY: number, deltaMode: number, wheelDeltaX?: number, wheelDeltaY?: number}} event
   * @returns {{wheel: number, pan: number}} positive: up, right
   */
  take(event) {
    this.#vertical -= parts(event.deltaY, event.deltaMode, event.wheelDeltaY);
    this.#horizontal += parts(event.deltaX, event.deltaMode, event.wheelDeltaX);
    const wheel = Math.trunc(this.#vertical / DETENT) + 0; // + 0: never -0
    const pan = Math.trunc(this.#horizontal / DETENT) + 0;
    this.#vertical -= wheel * DETENT;
    this.#horizontal -= pan * DETENT;
    return { wheel, pan };
  }
}

/** @param {number} delta @param {number} mode @param {number} [ticks] */
function parts(delta, mode, ticks) {
  // A real wheel shows as multiples of 120 here, whatever the system made of the pixels.
  if (ticks && ticks % 120 === 0) return (-ticks / 120) * DETENT;
  return delta * PARTS[mode];
}

/** Sums relative movement so that nothing below one pixel is lost. */
export class MotionSum {
  #x = 0;
  #y = 0;

  /** @param {number} dx @param {number} dy @returns {{dx: number, dy: number}} whole pixels to send now */
  take(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    const whole = { dx: Math.trunc(this.#x) + 0, dy: Math.trunc(this.#y) + 0 };
    this.#x -= whole.dx;
    this.#y -= whole.dy;
    return whole;
  }
}
