/* Fingers on a page: several at once, through the browser's own input (Chromium only). */

/** A phone, as pages see it. */
export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 3 };
export const LYING = { ...PHONE, viewport: { width: 740, height: 360 } };

const STEP_MS = 16;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Fingers {
  /** @type {Map<number, {x: number, y: number}>} */
  #down = new Map();

  /** @param {any} page */
  static async of(page) {
    const self = new Fingers();
    self.client = await page.context().newCDPSession(page);
    return self;
  }

  /** @param {string} type @param {{x: number, y: number, id: number}[]} touchPoints */
  #send(type, touchPoints) {
    return this.client.send('Input.dispatchTouchEvent', { type, touchPoints });
  }

  #points() {
    return [...this.#down].map(([id, { x, y }]) => ({ x, y, id }));
  }

  async down(x, y, id = 0) {
    this.#down.set(id, { x, y });
    await this.#send('touchStart', this.#points());
  }

  /** @param {Record<number, [number, number]>} to */
  async move(to) {
    for (const [id, [x, y]] of Object.entries(to)) this.#down.set(Number(id), { x, y });
    await this.#send('touchMove', this.#points());
  }

  async up(id = 0) {
    this.#down.delete(id);
    await this.#send('touchEnd', this.#points());
  }

  /** Put down at once: one that waits for the next counts as held before that has come. @param {[number, number][]} places */
  downTogether(...places) {
    return Promise.all(places.map((place, id) => this.down(...place, id)));
  }

  /** All at once, in as little time as can be: on a busy machine single calls become a long press, or two taps for one that
   * was meant to be double. (What is not waited for is sent in the order of the calls.) @param {[number, number][]} places */
  async tapTogether(...places) {
    const ids = places.map((_, id) => id);
    await Promise.all([...ids.map((id) => this.down(...places[id], id)), ...ids.map((id) => this.up(id))]);
  }

  /** The system takes them all: a call comes, a notification is pulled down. */
  async cancel() {
    this.#down.clear();
    await this.#send('touchCancel', []);
  }

  tap(x, y) {
    return this.tapTogether([x, y]);
  }

  /** @param {Record<number, [[number, number], [number, number]]>} ways finger -> from, to @param {number} [steps] @param {number} [atOnce] so many of them */
  async slide(ways, steps = 8, atOnce = 1) {
    const moves = [];
    for (let i = 1; i <= steps; i++) {
      const at = Object.entries(ways).map(([id, [from, to]]) => [id, [0, 1].map((k) => from[k] + ((to[k] - from[k]) * i) / steps)]);
      moves.push(this.move(Object.fromEntries(at)));
      if (i < atOnce) continue;
      await Promise.all(moves);
      await pause(STEP_MS);
    }
  }

  /** One finger is put down and leaves its place before it counts as held. @param {[number, number]} from @param {[number, number]} to */
  async swipe(from, to) {
    await Promise.all([this.down(...from), this.slide({ 0: [from, to] }, 8, 2)]);
    await this.up();
  }
}
