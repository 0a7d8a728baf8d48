/* What a phone's keyboard and the row above it ask for, one after the other: strokes, each for as long as targets need to
 * see it, and whatever else is to happen behind what was typed before it. Knows no DOM. */

/** @typedef {import('./char_strokes.js').Stroke} Stroke */
/** ms: until the next. @typedef {{run: () => void, ms: number}} Step */

const WHO = 'soft';
const DOWN_MS = 16;
const UP_MS = 8;
/** More strokes than this are a mistake, or belong to "Type text". */
export const MOST_WAITING = 2000;

export class SoftTypist {
  /** @type {Step[]} */
  #waiting = [];
  #running = false;

  /** @param {import('../keys/held_keys.js').HeldKeys} held @param {() => void} pressed after each stroke @param {(ms: number) => Promise<void>} [wait] */
  constructor(held, pressed, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))) {
    this.held = held;
    this.pressed = pressed;
    this.wait = wait;
  }

  /** Something waits or was just typed. */
  any() {
    return this.#running;
  }

  /** All was released: what waits is typed no more. */
  forget() {
    this.#waiting = [];
  }

  /** @param {Stroke[]} strokes @param {number} [ms] how long each is down @returns {boolean} they will be typed; false: too many wait already */
  type(strokes, ms = DOWN_MS) {
    if (this.#waiting.length + 2 * strokes.length > 2 * MOST_WAITING) return false;
    for (const stroke of strokes) this.#waiting.push({ run: () => this.#press(stroke), ms }, { run: () => this.#release(), ms: UP_MS });
    void this.#go();
    return true;
  }

  /** Whatever changes what is down on the target, behind what was typed before; at once where nothing waits. @param {() => void} run */
  change(run) {
    this.#waiting.push({ run, ms: DOWN_MS });
    void this.#go();
  }

  /** @param {Stroke} stroke */
  #press({ usage, held }) {
    for (const one of [...held, usage]) this.held.set(WHO, one, true);
  }

  #release() {
    this.held.release(WHO);
    this.pressed();
  }

  async #go() {
    if (this.#running) return;
    this.#running = true;
    for (let step = this.#waiting.shift(); step; step = this.#waiting.shift()) {
      step.run();
      await this.wait(step.ms);
    }
    this.#running = false;
  }
}
