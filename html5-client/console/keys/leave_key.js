/* The way out of the keyboard's capture, for who cannot press four keys together: one key tapped alone, or Escape three
 * times. The chord always works. Pure. */

import { usageOf } from './keymap.js';

/** What may be chosen, besides 'none'. */
export const LEAVE_KEYS = ['ControlRight', 'AltRight', 'MetaRight', 'ScrollLock', 'Pause', 'ContextMenu', 'F12', 'escape3'];
const ESCAPE = 0x29;
const THRICE_MS = 1500;

export class LeaveKey {
  /** @type {number|undefined} */
  #usage;
  #thrice = false;
  /** It is down, and no other key has been pressed since. */
  #alone = false;
  /** @type {number[]} when Escape was pressed */
  #escapes = [];

  /** @param {string} choice one of LEAVE_KEYS, or 'none' */
  choose(choice) {
    this.#thrice = choice === 'escape3';
    this.#usage = LEAVE_KEYS.includes(choice) ? usageOf(choice) : undefined;
    this.#alone = false;
    this.#escapes = [];
  }

  /** The held-back key belongs to what follows: it is to be pressed first. */
  get held() {
    return this.#alone;
  }

  get usage() {
    return this.#usage;
  }

  /**
   * 'hold': not to be sent yet; 'with': the held-back key goes first, then this one; 'leave': the third Escape, which is
   * not sent; 'send': as always.
   * @param {number|undefined} usage @param {number} now ms @param {boolean} repeat @returns {'hold'|'with'|'leave'|'send'}
   */
  pressed(usage, now, repeat) {
    if (repeat) return this.#alone && usage === this.#usage ? 'hold' : 'send';
    if (this.#thrice) return this.#escaped(usage, now);
    if (usage !== undefined && usage === this.#usage) {
      this.#alone = true;
      return 'hold';
    }
    const held = this.#alone;
    this.#alone = false;
    return held ? 'with' : 'send';
  }

  /** @param {number|undefined} usage @returns {boolean} it leads out */
  released(usage) {
    const leads = this.#alone && usage === this.#usage;
    if (usage === this.#usage) this.#alone = false;
    return leads;
  }

  /** The focus went away. */
  clear() {
    this.#alone = false;
    this.#escapes = [];
  }

  /** @param {number|undefined} usage @param {number} now @returns {'leave'|'send'} */
  #escaped(usage, now) {
    this.#escapes = usage === ESCAPE ? [...this.#escapes.filter((at) => now - at < THRICE_MS), now] : [];
    if (this.#escapes.length < 3) return 'send';
    this.#escapes = [];
    return 'leave';
  }
}
