/* Mouse and pen over the picture -> the target's pointer: absolute positions, or relative movement while the browser's
 * pointer is locked to the picture. Fingers are touch_input.js's. */

import { keySettings } from '../keys/key_settings.js';
import { WheelCounter } from './pointer_math.js';

/** @typedef {import('./target_pointer.js').TargetPointer} TargetPointer */
/** @typedef {{x: number, y: number}} Point */

/**
 * Buttons as the target has them. A pen's barrel button comes together with its tip: it means right, not both.
 * @param {PointerEvent} event
 */
const buttonsOf = ({ buttons, pointerType }) => (pointerType === 'pen' && buttons & 2 ? 2 : buttons & 31);

export class PointerInput {
  #wheel = new WheelCounter();
  #speed = 1;

  /**
   * @param {HTMLElement} surface
   * @param {TargetPointer} pointer
   * @param {{active: () => boolean, absolute: () => boolean, at: (event: MouseEvent) => Point, turned: (by: Point) => Point,
   *   pressed: (event: PointerEvent) => void, hovered: (event: PointerEvent) => void,
   *   zoomed: (event: WheelEvent) => boolean}} calls pressed: a button went down, before the target is told; turned: a movement on
   *   the page as one in the picture; hovered: after each movement; zoomed: the wheel was meant for the view
   */
  constructor(surface, pointer, calls) {
    this.surface = surface;
    this.pointer = pointer;
    this.calls = calls;
    surface.addEventListener('pointerdown', (event) => this.#down(event));
    surface.addEventListener('pointermove', (event) => this.#moved(event));
    surface.addEventListener('pointerup', (event) => this.#moved(event));
    surface.addEventListener('pointercancel', (event) => event.pointerType !== 'touch' && this.pointer.release());
    surface.addEventListener('pointerenter', () => this.#choose());
    surface.addEventListener('wheel', (event) => this.#scrolled(event), { passive: false });
    surface.addEventListener('contextmenu', (event) => this.#swallow(event));
    surface.addEventListener('auxclick', (event) => this.#swallow(event));
    surface.addEventListener('mouseup', (event) => this.#swallow(event)); // back and forward buttons
  }

  /** The browser did not lock the pointer. */
  refused = () => {};

  get locked() {
    return document.pointerLockElement === this.surface;
  }

  async lock() {
    try {
      // Without the system's acceleration where it can be had; some systems refuse that.
      await this.surface.requestPointerLock({ unadjustedMovement: true });
    } catch {
      await this.#lockAnyhow();
    }
  }

  async #lockAnyhow() {
    try {
      await this.surface.requestPointerLock();
    } catch {
      this.refused(); // there is none here, or it was left a moment ago
    }
  }

  #choose() {
    const { reversed, scroll, speed } = keySettings();
    Object.assign(this.#wheel, { reversed, speed: scroll });
    this.#speed = speed;
  }

  /** @param {Event} event */
  #swallow(event) {
    if (this.calls.active()) event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType === 'touch') return;
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
    if (!this.calls.active() || !event.isPrimary || event.pointerType === 'touch') return;
    const buttons = buttonsOf(event);
    if (this.calls.absolute()) this.pointer.moveTo(this.calls.at(event), buttons);
    else if (this.locked) this.pointer.moveBy(this.calls.turned({ x: this.#speed * event.movementX, y: this.#speed * event.movementY }), buttons);
    else return;
    this.calls.hovered(event);
  }

  /** @param {WheelEvent} event */
  #scrolled(event) {
    if (this.calls.zoomed(event)) return event.preventDefault();
    if (!this.calls.active()) return;
    event.preventDefault();
    this.pointer.scroll(this.#wheel.take(/** @type {any} */ (event)), this.calls.absolute() ? this.calls.at(event) : undefined);
  }
}
