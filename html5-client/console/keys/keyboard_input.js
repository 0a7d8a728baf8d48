/* Keyboard events of the focused picture -> keys of the target. While it captures, no key reaches the browser, save what
 * leads out. Whatever takes the focus away releases everything. Keys on the screen and in menus go the same way, so that
 * all of them know what is down. */

import { keyboardSystem } from '../../parts/system.js';
import { HeldKeys } from './held_keys.js';
import { keySettings } from './key_settings.js';
import { codeOf, usageOf } from './keymap.js';
import { LeaveKey } from './leave_key.js';
import { PressedKeys } from './pressed_keys.js';

/** The way out of the capture; by position, so that it is the same on every layout. */
export const LEAVE_CHORD = 'ctrl+alt+shift+enter';
const CHORD_HOLD_MS = 60;
/** Control and Super, both: with them browsers close their tab, and no page is asked. */
const COMMANDS = [0xe0, 0xe3, 0xe4, 0xe7];

/** @param {KeyboardEvent} event */
const isLeaveChord = (event) =>
  event.ctrlKey && event.altKey && event.shiftKey && (event.code === 'Enter' || event.code === 'NumpadEnter');

export class KeyboardInput {
  #leave = new LeaveKey();
  #chords = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #flush;
  /** Sees each key event of the picture, with the modifiers' states: for the lock keys. @type {(event: KeyboardEvent) => void} */
  seen = () => {};

  /** Keys that are the page's, not the target's: what is down and what comes to it. @type {(held: number[], usage: number) => boolean} */
  intercept = () => false;

  /**
   * @param {HTMLElement} surface takes the focus
   * @param {{active: () => boolean, send: (usage: number, down: boolean) => void, leave: () => void}} calls
   */
  constructor(surface, calls) {
    this.calls = calls;
    this.held = new HeldKeys(calls.send);
    this.keys = new PressedKeys((usage, down) => this.held.set('keyboard', usage, down), keyboardSystem());
    this.#choose(keySettings());
    surface.addEventListener('focus', () => this.#choose(keySettings()));
    surface.addEventListener('keydown', (event) => this.#down(event));
    surface.addEventListener('keyup', (event) => this.#up(event));
  }

  get any() {
    return this.held.any || this.keys.any;
  }

  /** A key is down with which a browser closes its tab. */
  get commands() {
    return COMMANDS.some((usage) => this.held.isDown(usage));
  }

  /** The target was told to release all. */
  clear() {
    this.keys.clear();
    this.#leave.clear();
    this.held.clear();
  }

  /** A chord from a button: pressed in order, released in reverse. @param {number[]} usages @param {number} [ms] */
  press(usages, ms = CHORD_HOLD_MS) {
    if (!this.calls.active()) return;
    const who = `chord ${++this.#chords}`;
    for (const usage of usages) this.held.set(who, usage, true);
    setTimeout(() => this.held.release(who), ms);
  }

  /** @param {{ctrlKey: boolean, shiftKey: boolean, altKey: boolean, metaKey: boolean}} event */
  trustModifiers(event) {
    this.keys.trustModifiers(event);
  }

  /** @param {import('./key_settings.js').KeySettings} settings */
  #choose(settings) {
    this.#leave.choose(settings.leave);
    this.keys.swapped = settings.swapped;
    this.keys.taps = settings.taps;
  }

  /** What waits for the next event waits no longer than that. */
  #flushSoon() {
    clearTimeout(this.#flush);
    if (this.keys.wait) this.#flush = setTimeout(() => this.keys.flush(), this.keys.wait);
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (!this.calls.active() || event.isComposing) return;
    this.seen(event);
    const how = isLeaveChord(event) ? 'leave' : this.#leave.pressed(usageOf(event.code), event.timeStamp, event.repeat);
    if (how === 'leave') {
      stop(event);
      return this.calls.leave();
    }
    if (how === 'hold') return stop(event);
    if (!event.repeat && this.intercept([...this.keys.down], usageOf(event.code) ?? 0)) return stop(event);
    if (how === 'with' && this.#leave.usage !== undefined) this.keys.press({ code: codeOf(this.#leave.usage) ?? '' });
    if (!this.keys.press(event)) return;
    stop(event);
    this.#flushSoon();
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    if (!this.calls.active()) return;
    this.seen(event);
    if (this.#leave.released(usageOf(event.code))) {
      stop(event);
      return this.calls.leave();
    }
    if (!this.keys.release(event)) return;
    stop(event);
    this.#flushSoon();
  }
}

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}
