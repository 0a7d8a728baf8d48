/* From the browser's pointer figures to the protocol's. Pure. */

/**
 * Position over the picture, 0..32767 in both directions, clamped to the picture.
 * @param {{x: number, y: number}} at in target pixels
 * @param {{width: number, height: number}} picture
 */
export function absolutePosition(at, picture) {
  /** @param {number} place @param {number} size */
  const along = (place, size) => Math.max(0, Math.min(32767, Math.round((place / Math.max(1, size)) * 32767)));
  return { x: along(at.x, picture.width), y: along(at.y, picture.height) };
}

/** Counted in parts of a detent, so that 100 pixels, 3 lines and 1 page are whole numbers of them. */
const DETENT = 300;
const PARTS = [3, 100, 300];

/** Browsers tell scrolling in pixels, lines or pages; the target wants detents. What is less than one is kept. */
export class WheelCounter {
  /** The target's wheel turns against this one. */
  reversed = false;
  speed = 1;
  #vertical = 0;
  #horizontal = 0;

  /**
   * @param {{deltaX: number, deltaY: number, deltaMode: number, wheelDeltaX?: number, wheelDeltaY?: number}} event
   * @returns {{wheel: number, pan: number}} positive: up, right
   */
  take(event) {
    const way = this.reversed ? -this.speed : this.speed;
    this.#vertical -= way * parts(event.deltaY, event.deltaMode, event.wheelDeltaY);
    this.#horizontal += way * parts(event.deltaX, event.deltaMode, event.wheelDeltaX);
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

/** How much farther than the finger the pointer of a trackpad goes: slow fingers aim, quick ones travel. */
const GAIN = { least: 0.9, most: 3.5, from: 0.15, to: 1.6 };

/** @param {number} dx @param {number} dy CSS pixels @param {number} span ms @param {number} [chosen] times that @returns {{x: number, y: number}} CSS pixels */
export function accelerated(dx, dy, span, chosen = 1) {
  const speed = Math.hypot(dx, dy) / Math.max(1, span);
  const part = Math.max(0, Math.min(1, (speed - GAIN.from) / (GAIN.to - GAIN.from)));
  const gain = chosen * (GAIN.least + (GAIN.most - GAIN.least) * part);
  return { x: dx * gain, y: dy * gain };
}

/** How fast the view follows a mouse that waits at the rim of the room, CSS pixels a second in each direction. */
const RIM = 24;
const RIM_SPEED = 900;

/** @param {{x: number, y: number}} at in the room @param {{width: number, height: number}} room @returns {{x: number, y: number}} of the view's picture: positive moves it right, down */
export function rimSpeed(at, room) {
  /** @param {number} place @param {number} size */
  const along = (place, size) => {
    const rim = Math.min(RIM, size / 8);
    if (place < 0 || place > size) return 0;
    if (place < rim) return RIM_SPEED * (1 - place / rim);
    return place > size - rim ? -RIM_SPEED * (1 - (size - place) / rim) : 0;
  };
  return { x: along(at.x, room.width) + 0, y: along(at.y, room.height) + 0 };
}
