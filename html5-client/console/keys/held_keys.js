/* What is down on the target, whoever holds it: the keyboard, keys on the screen, a chord from a menu. A key goes down
 * with the first who presses it and up with the last who lets go, so that none of them releases what another holds, and
 * nothing is pressed twice. Pure. */

export class HeldKeys {
  /** @type {Map<number, Set<string>>} usage -> who holds it, in order of pressing */
  #held = new Map();
  /** @type {Set<() => void>} */
  #cleared = new Set();
  /** @type {Set<() => void>} */
  #changed = new Set();

  /** @param {(usage: number, down: boolean) => void} send */
  constructor(send) {
    this.send = send;
  }

  get any() {
    return this.#held.size > 0;
  }

  /** @param {number} usage */
  isDown(usage) {
    return this.#held.has(usage);
  }

  /** @param {string} who @param {number} usage @param {boolean} down */
  set(who, usage, down) {
    const holders = this.#held.get(usage);
    if (down) {
      if (holders) return void holders.add(who);
      this.#held.set(usage, new Set([who]));
      this.#tell(usage, true);
    } else if (holders?.delete(who) && !holders.size) {
      this.#held.delete(usage);
      this.#tell(usage, false);
    }
  }

  /** Lets go of all that one of them holds, the newest first. @param {string} who */
  release(who) {
    for (const [usage] of [...this.#held].reverse()) this.set(who, usage, false);
  }

  /** @param {number} usage @param {boolean} down */
  #tell(usage, down) {
    this.send(usage, down);
    for (const listener of this.#changed) listener();
  }

  /** Called after each key. @param {() => void} listener @param {AbortSignal} [signal] ends it */
  onChange(listener, signal) {
    this.#changed.add(listener);
    signal?.addEventListener('abort', () => this.#changed.delete(listener));
  }

  /** Called when everything was let go at once. @param {() => void} listener @param {AbortSignal} [signal] ends it */
  onClear(listener, signal) {
    this.#cleared.add(listener);
    signal?.addEventListener('abort', () => this.#cleared.delete(listener));
  }

  /** Forgets everything, without a word to the target: for when the whole state is released by one message. */
  clear() {
    this.#held.clear();
    for (const listener of this.#cleared) listener();
  }
}
