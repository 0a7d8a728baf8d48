/* What the status strip shows: round trip, updates and bits a second, over the last two seconds. Pure. */

const SPAN_MS = 2000;

export class Figures {
  /** @type {number|null} */
  #roundTrip = null;
  /** @type {{at: number, bytes: number}[]} */
  #updates = [];

  reset() {
    this.#roundTrip = null;
    this.#updates = [];
  }

  /** The value for a PING sent now. @param {number} now ms */
  stamp(now) {
    return Math.trunc(now * 1000) % 2 ** 32;
  }

  /** @param {number} value what came back in the PONG @param {number} now ms */
  pong(value, now) {
    const elapsed = (this.stamp(now) - value + 2 ** 32) % 2 ** 32;
    this.#roundTrip = elapsed / 1000;
  }

  /** @param {number} ms as the gateway measured it by our acks */
  serverRoundTrip(ms) {
    if (ms > 0) this.#roundTrip = ms;
  }

  /** @param {number} bytes @param {number} now ms */
  update(bytes, now) {
    this.#updates.push({ at: now, bytes });
    this.#forget(now);
  }

  /** @param {number} now ms @returns {{roundTrip: number|null, frames: number, bits: number}} */
  now(now) {
    this.#forget(now);
    const bytes = this.#updates.reduce((sum, { bytes: n }) => sum + n, 0);
    const seconds = SPAN_MS / 1000;
    return {
      roundTrip: this.#roundTrip,
      frames: this.#updates.length / seconds,
      bits: (bytes * 8) / seconds,
    };
  }

  /** @param {number} now */
  #forget(now) {
    while (this.#updates.length && this.#updates[0].at < now - SPAN_MS) this.#updates.shift();
  }
}
