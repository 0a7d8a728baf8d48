/* How long a key takes until the screen shows it: from sending it to the first update painted that can hold its echo. An
 * update that was captured before the key was at the gateway cannot, however soon it comes. Pure. */

const KEPT = 15;
/** Later than this nobody takes a change for a key's. */
const TOO_LATE_MS = 1000;

export class KeyEcho {
  /** @type {number[]} */
  #times = [];
  /** When the key was sent that waits. @type {number|null} */
  #sent = null;

  reset() {
    this.#times = [];
    this.#sent = null;
  }

  /** A key went down. The first of several that wait is the one whose echo comes first. @param {number} now ms */
  key(now) {
    if (this.#sent === null || now - this.#sent > TOO_LATE_MS) this.#sent = now;
  }

  /**
   * @param {{received: number, painted: number}} here ms
   * @param {number} made ms that the gateway spent on the update, from its capture to its first byte
   * @param {number} roundTrip ms
   */
  painted({ received, painted }, made, roundTrip) {
    if (this.#sent === null) return;
    const captured = received - roundTrip / 2 - made;
    if (captured < this.#sent + roundTrip / 2) return; // it cannot know of the key
    if (painted - this.#sent <= TOO_LATE_MS) this.#times.push(painted - this.#sent);
    if (this.#times.length > KEPT) this.#times.shift();
    this.#sent = null;
  }

  /** The middle one of the last. @returns {{ms: number, count: number}|null} null: none was seen */
  get now() {
    if (!this.#times.length) return null;
    const sorted = [...this.#times].sort((a, b) => a - b);
    return { ms: sorted[Math.floor(sorted.length / 2)], count: sorted.length };
  }
}
