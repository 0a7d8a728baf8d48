/* What to do when an update could not be shown: ask for a new picture, later each time, so that a decoder that is broken
 * for good makes no loop; a codec that keeps failing is given up. Pure, time as an argument. */

/** @typedef {import('./decoder.js').Codec} Codec */
/** @typedef {{act: 'refresh', waitMs: number} | {act: 'reconnect', without: Codec|null}} Remedy */

const FIRST_MS = 1000;
const LAST_MS = 30000;
/** After this long without a failure all is forgotten. */
const CALM_MS = 60000;
const PATIENCE = 3;

export class Trouble {
  /** @type {{codec: Codec|null, at: number}[]} */
  #failures = [];

  /** @param {Codec|null} codec whose data it was; null: the update itself is malformed @param {number} now ms @returns {Remedy} */
  failed(codec, now) {
    const last = this.#failures.at(-1);
    if (last && now - last.at > CALM_MS) this.#failures = [];
    this.#failures.push({ codec, at: now });
    if (this.#failures.filter((failure) => failure.codec === codec).length >= PATIENCE) {
      this.#failures = this.#failures.filter((failure) => failure.codec !== codec);
      return { act: 'reconnect', without: codec };
    }
    const count = this.#failures.length;
    return { act: 'refresh', waitMs: count === 1 ? 0 : Math.min(LAST_MS, FIRST_MS * 2 ** (count - 2)) };
  }
}
