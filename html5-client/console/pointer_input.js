/* Mouse, pen and touch over the picture -> the target's pointer: absolute positions, or relative movement while the
 * browser's pointer is locked to the picture. */

import { absolutePosition, MotionSum, WheelCounter } from './pointer_math.js';

/** @typedef {import('./console_session.js').Command} Command */

export class PointerInput {
  #buttons = 0;
  #position = { x: 0, y: 0 };
  #wheel = new WheelCounter();
  #motion = new MotionSum();

  /**
   * @param {HTMLElement} surface
   * @param {{active: () => boolean, absolute: () => boolean, box: () => DOMRect, send: (command: Command) => void,
   *   pressed: (event: PointerEvent) => void}} calls pressed: a button went down, before the target is told
   */
  constructor(surface, calls) {
    this.surface = surface;
    this.calls = calls;
    surface.addEventListener('pointerdown', (event) => this.#down(event));
    surface.addEventListener('pointermove', (event) => this.#moved(event));
    surface.addEventListener('pointerup', (event) => this.#moved(event));
    surface.addEventListener('pointercancel', () => this.#cancelled());
    surface.addEventListener('wheel', (event) => this.#scrolled(event), { passive: false });
    surface.addEventListener('contextmenu', (event) => this.#swallow(event));
    surface.addEventListener('auxclick', (event) => this.#swallow(event));
    surface.addEventListener('mouseup', (event) => this.#swallow(event)); // back and forward buttons
  }

  get any() {
    return this.#buttons !== 0;
  }

  get locked() {
    return document.pointerLockElement === this.surface;
  }

  /** The target was told to release all. */
  clear() {
    this.#buttons = 0;
  }

  async lock() {
    try {
      // Without the system's acceleration where it can be had; some systems refuse that.
      await this.surface.requestPointerLock({ unadjustedMovement: true });
    } catch {
      await this.surface.requestPointerLock();
    }
  }

  /** @param {Event} event */
  #swallow(event) {
    if (this.calls.active()) event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const focused = document.activeElement === this.surface;
    this.calls.pressed(event);
    if (!this.calls.active()) return;
    // Not with the click that gives the focus: in a firmware's menu nobody wants Escape to free a locked pointer.
    if (!this.calls.absolute() && !this.locked) return void (focused && this.lock());
    if (!this.locked) this.surface.setPointerCapture(event.pointerId);
    this.#moved(event);
  }

  /** Every pointer event carries the buttons that are down now. @param {PointerEvent} event */
  #moved(event) {
    if (!this.calls.active() || !event.isPrimary) return;
    const buttons = event.buttons & 31;
    const move = buttons === this.#buttons;
    if (!this.calls.absolute()) return this.#relative(event, buttons, move);
    this.#buttons = buttons;
    this.#position = absolutePosition(event, this.calls.box());
    this.calls.send({ type: 'pointer-absolute', pointer: { buttons, ...this.#position, wheel: 0, pan: 0 }, move });
  }

  /** @param {PointerEvent} event @param {number} buttons @param {boolean} move */
  #relative(event, buttons, move) {
    if (!this.locked) return;
    const { dx, dy } = this.#motion.take(event.movementX, event.movementY);
    if (move && !dx && !dy) return;
    this.#buttons = buttons;
    this.calls.send({ type: 'pointer-relative', pointer: { buttons, dx, dy, wheel: 0, pan: 0 } });
  }

  #cancelled() {
    if (!this.any) return;
    this.#buttons = 0;
    if (this.calls.absolute())
      this.calls.send({ type: 'pointer-absolute', pointer: { buttons: 0, ...this.#position, wheel: 0, pan: 0 }, move: false });
    else this.calls.send({ type: 'pointer-relative', pointer: { buttons: 0, dx: 0, dy: 0, wheel: 0, pan: 0 } });
  }

  /** @param {WheelEvent} event */
  #scrolled(event) {
    if (!this.calls.active()) return;
    event.preventDefault();
    const { wheel, pan } = this.#wheel.take(/** @type {any} */ (event));
    if (!wheel && !pan) return;
    const buttons = this.#buttons;
    if (!this.calls.absolute())
      return this.calls.send({ type: 'pointer-relative', pointer: { buttons, dx: 0, dy: 0, wheel, pan } });
    this.#position = absolutePosition(event, this.calls.box());
    this.calls.send({ type: 'pointer-absolute', pointer: { buttons, ...this.#position, wheel, pan }, move: false });
  }
}
