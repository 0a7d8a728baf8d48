/* Keyboard events of the focused picture -> keys of the target. While it captures, no key reaches the browser, save the
 * chord that leads out. Whatever takes the focus away releases everything. */

import { ALTGR_MS, PressedKeys } from './pressed_keys.js';
import { keyboardSystem } from '../parts/system.js';

/** The way out of the capture; by position, so that it is the same on every layout. */
export const LEAVE_CHORD = 'Ctrl+Alt+Shift+Enter';
const CHORD_HOLD_MS = 60;

/** @param {KeyboardEvent} event */
const isLeaveChord = (event) =>
  event.ctrlKey && event.altKey && event.shiftKey && (event.code === 'Enter' || event.code === 'NumpadEnter');

export class KeyboardInput {
  /**
   * @param {HTMLElement} surface takes the focus
   * @param {{active: () => boolean, send: (usage: number, down: boolean) => void, leave: () => void}} calls
   */
  constructor(surface, calls) {
    this.calls = calls;
    this.keys = new PressedKeys(calls.send, keyboardSystem());
    surface.addEventListener('keydown', (event) => this.#down(event));
    surface.addEventListener('keyup', (event) => this.#up(event));
  }

  get any() {
    return this.keys.any;
  }

  /** The target was told to release all. */
  clear() {
    this.keys.clear();
  }

  /** A chord from a button: pressed in order, released in reverse. @param {number[]} usages */
  press(usages) {
    for (const usage of usages) this.calls.send(usage, true);
    setTimeout(() => {
      for (const usage of [...usages].reverse()) this.calls.send(usage, false);
    }, CHORD_HOLD_MS);
  }

  /** @param {{ctrlKey: boolean, shiftKey: boolean, altKey: boolean, metaKey: boolean}} event */
  trustModifiers(event) {
    this.keys.trustModifiers(event);
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (!this.calls.active() || event.isComposing) return;
    if (isLeaveChord(event)) {
      event.preventDefault();
      event.stopPropagation();
      return this.calls.leave();
    }
    if (!this.keys.press(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.keys.heldControl !== null) setTimeout(() => this.keys.flush(), ALTGR_MS);
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    if (!this.calls.active() || !this.keys.release(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
