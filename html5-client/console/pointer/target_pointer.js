/* The target's pointer as this page believes it to be, whichever hand moves it: mouse, pen or finger. Knows no DOM. */

import { absolutePosition, MotionSum } from './pointer_math.js';

/** @typedef {import('../session/console_session.js').Command} Command */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */

export class TargetPointer {
  #buttons = 0;
  /** In target pixels; with a relative pointer a guess, made from the movements sent. @type {Point} */
  #at = { x: 0, y: 0 };
  #motion = new MotionSum();

  /** @param {{send: (command: Command) => void, absolute: () => boolean, picture: () => Size}} calls */
  constructor(calls) {
    this.calls = calls;
  }

  get buttons() {
    return this.#buttons;
  }

  get at() {
    return this.#at;
  }

  /** The picture has another size: the pointer is somewhere, so it may as well be in the middle. */
  centre() {
    const { width, height } = this.calls.picture();
    this.#at = { x: width / 2, y: height / 2 };
  }

  /** @param {Point} at @param {number} [buttons] */
  moveTo(at, buttons = this.#buttons) {
    const move = buttons === this.#buttons;
    this.#keep(at);
    this.#buttons = buttons;
    this.#tell({ wheel: 0, pan: 0 }, move);
  }

  /** @param {Point} by target pixels; parts of them add up @param {number} [buttons] */
  moveBy({ x, y }, buttons = this.#buttons) {
    const { dx, dy } = this.#motion.take(x, y);
    const still = !dx && !dy;
    if (still && buttons === this.#buttons) return;
    this.#keep({ x: this.#at.x + dx, y: this.#at.y + dy });
    if (this.calls.absolute()) return this.moveTo(this.#at, buttons);
    this.#buttons = buttons;
    this.calls.send({ type: 'pointer-relative', pointer: { buttons, dx, dy, wheel: 0, pan: 0 } });
  }

  /** @param {number} buttons */
  press(buttons) {
    this.#buttons = buttons;
    this.#tell({ wheel: 0, pan: 0 }, false);
  }

  /** @param {{wheel: number, pan: number}} turned @param {Point} [at] */
  scroll(turned, at) {
    if (at) this.#keep(at);
    if (turned.wheel || turned.pan) this.#tell(turned, false);
  }

  release() {
    if (this.#buttons) this.press(0);
  }

  /** The target was told to release all. */
  forget() {
    this.#buttons = 0;
  }

  /** @param {Point} at */
  #keep({ x, y }) {
    const { width, height } = this.calls.picture();
    this.#at = { x: Math.max(0, Math.min(width, x)), y: Math.max(0, Math.min(height, y)) };
  }

  /** @param {{wheel: number, pan: number}} turned @param {boolean} move nothing but the position changed */
  #tell(turned, move) {
    const buttons = this.#buttons;
    if (!this.calls.absolute()) return this.calls.send({ type: 'pointer-relative', pointer: { buttons, dx: 0, dy: 0, ...turned } });
    const position = absolutePosition(this.#at, this.calls.picture());
    this.calls.send({ type: 'pointer-absolute', pointer: { buttons, ...position, ...turned }, move });
  }
}
