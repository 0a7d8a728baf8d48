/* Strict order: what came first is applied first, however long the browser takes to decode what it carries. Decoding
 * begins on arrival, so several may be under way; what needs none waits behind those that do. Pure. */

/**
 * @template T
 * @typedef {object} Waiting
 * @property {'pending'|'ready'|'failed'} state
 * @property {T|null} value
 * @property {unknown} error
 * @property {(value: T|null) => void} run
 * @property {(error: unknown) => void} failed
 */

/** @template T what decoding gives */
export class UpdateQueue {
  /** @type {Waiting<T>[]} */
  #waiting = [];
  #busy = false;

  get length() {
    return this.#waiting.length;
  }

  /**
   * Runs at once when nothing stands before it and there is nothing to wait for; else later, in its turn.
   * @param {Promise<T>|null} decoding
   * @param {(value: T|null) => void} run
   * @param {(error: unknown) => void} failed the decoding went wrong, or run() threw
   */
  add(decoding, run, failed) {
    /** @type {Waiting<T>} */
    const one = { state: decoding ? 'pending' : 'ready', value: null, error: null, run, failed };
    this.#waiting.push(one);
    decoding?.then(
      (value) => this.#settled(Object.assign(one, { state: 'ready', value })),
      (error) => this.#settled(Object.assign(one, { state: 'failed', error })),
    );
    this.#go();
  }

  /** Nothing of what waits is run any more. */
  clear() {
    this.#waiting = [];
  }

  /** @param {Waiting<T>} one */
  #settled(one) {
    if (this.#waiting[0] === one) this.#go();
  }

  #go() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#waiting.length && this.#waiting[0].state !== 'pending')
        this.#one(/** @type {Waiting<T>} */ (this.#waiting.shift()));
    } finally {
      this.#busy = false;
    }
  }

  /** @param {Waiting<T>} one */
  #one({ state, value, error, run, failed }) {
    if (state === 'failed') return failed(error);
    try {
      run(value);
    } catch (thrown) {
      failed(thrown);
    }
  }
}
