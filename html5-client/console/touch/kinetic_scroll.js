/* A scroll that goes on for a moment after the fingers have left, and always comes to an end soon. Pure. */

/** @typedef {{x: number, y: number}} Point */

/** Of the last movements this much counts for the speed. */
const SAMPLE_MS = 80;
/** Pixels for each millisecond: below the first a scroll just ends, above the second nothing gets faster. */
const LEAST = 0.25;
const MOST = 3;
const STILL = 0.05;
const FADE_MS = 200;
const LONGEST_MS = 900;
const FRAME_MS = 16;

export class KineticScroll {
  /** @type {{time: number, dx: number, dy: number}[]} */
  #samples = [];
  /** @type {{x: number, y: number, last: number, end: number}|null} */
  #speed = null;

  /** When to call step(); null: it is still. */
  get deadline() {
    return this.#speed && this.#speed.last + FRAME_MS;
  }

  /** @param {number} dx @param {number} dy @param {number} time */
  moved(dx, dy, time) {
    this.#samples.push({ time, dx, dy });
    while (this.#samples[0].time < time - SAMPLE_MS) this.#samples.shift();
  }

  /** The fingers left. @param {number} time */
  release(time) {
    const recent = this.#samples.filter((sample) => sample.time >= time - SAMPLE_MS);
    this.#samples = [];
    if (recent.length < 2) return;
    const span = Math.max(FRAME_MS, time - recent[0].time);
    const [x, y] = [recent.reduce((sum, { dx }) => sum + dx, 0) / span, recent.reduce((sum, { dy }) => sum + dy, 0) / span];
    const speed = Math.hypot(x, y);
    if (speed < LEAST) return;
    const part = Math.min(1, MOST / speed);
    this.#speed = { x: x * part, y: y * part, last: time, end: time + LONGEST_MS };
  }

  /** @param {number} time @returns {{dx: number, dy: number}|null} what it moved since */
  step(time) {
    const speed = this.#speed;
    if (!speed || time <= speed.last) return null;
    const span = Math.min(time, speed.end) - speed.last;
    const moved = { dx: speed.x * span, dy: speed.y * span };
    const fade = Math.exp(-span / FADE_MS);
    Object.assign(speed, { x: speed.x * fade, y: speed.y * fade, last: time });
    if (time >= speed.end || Math.hypot(speed.x, speed.y) < STILL) this.stop();
    return moved;
  }

  /** @returns {boolean} it was going */
  stop() {
    const going = this.#speed !== null;
    this.#speed = null;
    this.#samples = [];
    return going;
  }
}
