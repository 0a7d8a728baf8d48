/* Strokes one after the other, each for as long as targets need to see it. Whatever was waiting is forgotten when all is
 * released. Knows no DOM. */

/** @typedef {import('./char_strokes.js').Stroke} Stroke */

const WHO = 'soft';
const DOWN_MS = 16;
const UP_MS = 8;
/** More than this is a mistake, or belongs to "Type text". */
export const MOST_WAITING = 2000;

export class SoftTypist {
  /** @type {Stroke[]} */
  #waiting = [];
  #running = false;
  #round = 0;

  /** @param {import('./held_keys.js').HeldKeys} held @param {() => void} pressed after each stroke @param {(ms: number) => Promise<void>} [wait] */
  constructor(held, pressed, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))) {
    this.held = held;
    this.pressed = pressed;
    this.wait = wait;
    held.onClear(() => {
      this.#waiting = [];
      this.#round++;
    });
  }

  /** @param {Stroke[]} strokes @returns {boolean} they will be typed; false: too many wait already */
  type(strokes) {
    if (this.#waiting.length + strokes.length > MOST_WAITING) return false;
    this.#waiting.push(...strokes);
    if (!this.#running) void this.#run();
    return true;
  }

  async #run() {
    this.#running = true;
    for (let stroke = this.#waiting.shift(); stroke; stroke = this.#waiting.shift()) {
      const round = this.#round;
      for (const usage of stroke.held) this.held.set(WHO, usage, true);
      this.held.set(WHO, stroke.usage, true);
      await this.wait(DOWN_MS);
      if (round === this.#round) this.held.release(WHO);
      this.pressed();
      await this.wait(UP_MS);
    }
    this.#running = false;
  }
}
