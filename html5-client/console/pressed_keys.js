/* Which keys are down, as far as the target knows. Takes the browser's key events and says what to send; knows the
 * quirks by which browsers lose or invent events, so that no key stays down that nobody holds. Pure: no DOM. */

import { usageOf, isModifier } from './keymap.js';

/**
 * @typedef {object} KeyEvent the part of a KeyboardEvent that matters
 * @property {string} code
 * @property {boolean} [repeat]
 * @property {number} [timeStamp] milliseconds
 */
/** @typedef {{ctrlKey: boolean, shiftKey: boolean, altKey: boolean, metaKey: boolean}} Modifiers */

const CONTROL_LEFT = 0xe0;
const ALT_RIGHT = 0xe6;
const CAPS_LOCK = 0x39;
const META = [0xe3, 0xe7];

/** Windows tells AltGr as left Control and then right Alt, within this time. */
const ALTGR_MS = 50;

export class PressedKeys {
  /**
   * @param {(usage: number, down: boolean) => void} send
   * @param {'windows'|'mac'|'other'} system
   */
  constructor(send, system = 'other') {
    this.send = send;
    this.system = system;
    /** @type {Set<number>} in order of pressing */
    this.down = new Set();
    /** @type {number|null} when the held-back left Control was pressed */
    this.heldControl = null;
  }

  get any() {
    return this.down.size > 0 || this.heldControl !== null;
  }

  /** @param {KeyEvent} event @returns {boolean} whether the key is one the target can have */
  press(event) {
    const usage = usageOf(event.code);
    if (usage === undefined) return false;
    if (event.repeat) return true; // the target repeats by itself
    if (this.system === 'mac' && usage === CAPS_LOCK) return this.#tap(usage);
    if (this.system === 'windows' && usage === CONTROL_LEFT && !this.down.has(usage)) {
      this.heldControl = event.timeStamp ?? 0;
      return true;
    }
    if (this.heldControl !== null) {
      const altGr = usage === ALT_RIGHT && (event.timeStamp ?? 0) - this.heldControl <= ALTGR_MS;
      if (altGr) this.heldControl = null;
      else this.flush();
    }
    this.#set(usage, true);
    return true;
  }

  /** @param {KeyEvent} event */
  release(event) {
    const usage = usageOf(event.code);
    if (usage === undefined) return false;
    if (this.system === 'mac' && usage === CAPS_LOCK) return this.#tap(usage);
    if (usage === CONTROL_LEFT) this.flush();
    // macOS never tells the release of keys that went up while Meta was held.
    if (this.system === 'mac' && META.includes(usage)) this.#releaseWhere((held) => !isModifier(held));
    this.#set(usage, false);
    return true;
  }

  /** Sends a Control that was held back to see whether it is an AltGr; call it ALTGR_MS after the press. */
  flush() {
    if (this.heldControl === null) return;
    this.heldControl = null;
    this.#set(CONTROL_LEFT, true);
  }

  /**
   * Releases modifiers that another event shows to be up: their own release went to another window.
   * @param {Modifiers} event
   */
  trustModifiers(event) {
    this.#releaseWhere(
      (held) =>
        ((held === 0xe0 || held === 0xe4) && !event.ctrlKey) ||
        ((held === 0xe1 || held === 0xe5) && !event.shiftKey) ||
        (held === 0xe2 && !event.altKey) || // not right Alt: as AltGr it does not show as Alt
        (META.includes(held) && !event.metaKey),
    );
  }

  /** Forgets everything, without a word to the target: for when the whole state is released by one message. */
  clear() {
    this.down.clear();
    this.heldControl = null;
  }

  /** @param {number} usage */
  #tap(usage) {
    this.send(usage, true);
    this.send(usage, false);
    return true;
  }

  /** @param {number} usage @param {boolean} down */
  #set(usage, down) {
    if (this.down.has(usage) === down) return;
    if (down) this.down.add(usage);
    else this.down.delete(usage);
    this.send(usage, down);
  }

  /** @param {(usage: number) => boolean} condition */
  #releaseWhere(condition) {
    for (const usage of [...this.down]) if (condition(usage)) this.#set(usage, false);
  }
}

export { ALTGR_MS };
