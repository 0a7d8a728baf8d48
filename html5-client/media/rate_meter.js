/* How fast something moves, from how far it was lately; and how long it will take. Pure. */

const WINDOW_MS = 12000;
const SHORTEST_MS = 800;

export class RateMeter {
  /** @type {{at: number, value: number}[]} */
  #samples = [];

  /** @param {number} at milliseconds @param {number} value so far */
  add(at, value) {
    const last = this.#samples[this.#samples.length - 1];
    if (last && value < last.value) this.reset();
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && this.#samples[1].at < at - WINDOW_MS) this.#samples.shift();
  }

  reset() {
    this.#samples = [];
  }

  /** A second; 0: not known yet. */
  get rate() {
    const [first, last] = [this.#samples[0], this.#samples[this.#samples.length - 1]];
    if (!first || last.at - first.at < SHORTEST_MS) return 0;
    return ((last.value - first.value) * 1000) / (last.at - first.at);
  }

  /** @param {number} left @returns {number|null} null: not known */
  secondsFor(left) {
    return this.rate > 0 ? left / this.rate : null;
  }
}
