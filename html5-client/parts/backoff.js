/* How long to wait before the next try: 0.2 s, doubling to 5 s; from the start again after a connection that held. */

const FIRST_MS = 200;
const LAST_MS = 5000;
/** A connection that lived this long was a good one. */
const GOOD_MS = 2000;

export class Backoff {
  #next = FIRST_MS;

  /** @param {number} livedMs how long the connection that just ended was up; 0: it never was @returns {number} ms */
  ended(livedMs) {
    if (livedMs >= GOOD_MS) this.#next = FIRST_MS;
    const wait = this.#next;
    this.#next = Math.min(LAST_MS, wait * 2);
    return wait;
  }

  reset() {
    this.#next = FIRST_MS;
  }
}
