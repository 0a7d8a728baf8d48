/* A mouse that waits at the rim of the stage moves the view, as long as there is more of the picture on that side. */

import { rimSpeed } from './pointer_math.js';

/** @typedef {{x: number, y: number}} Point */

export class RimPan {
  /** Where the mouse is, client coordinates. @type {Point|null} */
  #at = null;
  #last = 0;
  #frame = 0;

  /** @param {HTMLElement} room @param {import('../screen/screen_view.js').ScreenView} view @param {(at: Point) => void} moved the picture moved below the mouse */
  constructor(room, view, moved) {
    this.room = room;
    this.view = view;
    this.moved = moved;
    room.addEventListener('pointerleave', () => this.stop());
  }

  /** @param {Point} at */
  hover(at) {
    this.#at = at;
    if (this.#frame || !this.#moves(at)) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#at = null;
  }

  /** @param {Point} at */
  #speed(at) {
    const { left, top, width, height } = this.room.getBoundingClientRect();
    return rimSpeed({ x: at.x - left, y: at.y - top }, { width, height });
  }

  /** @param {Point} at */
  #moves(at) {
    const { x, y } = this.#speed(at);
    return this.view.overflows && (x !== 0 || y !== 0);
  }

  /** @param {number} now */
  #step(now) {
    this.#frame = 0;
    const at = this.#at;
    if (!at || !this.#moves(at)) return;
    const { x, y } = this.#speed(at);
    const span = Math.min(0.05, Math.max(0, now - this.#last) / 1000);
    this.#last = now;
    const before = this.view.placed;
    this.view.panBy({ x: x * span, y: y * span });
    const after = this.view.placed;
    // At the end of the picture it rests; the next movement of the mouse asks again.
    if (span > 0 && before?.left === after?.left && before?.top === after?.top) return;
    this.moved(at);
    this.#frame = requestAnimationFrame((next) => this.#step(next));
  }
}
