/* Which keys of this computer's keyboard are down, as far as the target knows. Takes the browser's key events and says
 * what to send; knows the quirks by which browsers and systems lose or invent events, so that no key stays down that
 * nobody holds, and none is pressed that nobody pressed. Pure: no DOM, no clock but the events' own. */

import { isModifier, usageOf, usageOfMeaning } from './keymap.js';

/**
 * @typedef {object} KeyEvent the part of a KeyboardEvent that matters
 * @property {string} code
 * @property {string} [key]
 * @property {boolean} [repeat]
 * @property {number} [timeStamp] milliseconds
 * @property {boolean} [ctrlKey]
 * @property {boolean} [shiftKey]
 * @property {boolean} [altKey]
 * @property {boolean} [metaKey]
 * @property {(name: string) => boolean} [getModifierState]
 */
/** @typedef {{ctrlKey: boolean, shiftKey: boolean, altKey: boolean, metaKey: boolean}} Modifiers */

const CONTROL_LEFT = 0xe0;
const ALT_RIGHT = 0xe6;
const CAPS_LOCK = 0x39;
const META = [0xe3, 0xe7];
const SHIFT = [0xe1, 0xe5];
const BACKQUOTE = 0x35;
const INTL_BACKSLASH = 0x64;

/** Windows tells AltGr as left Control and then right Alt, within this time; mostly with the same time stamp. */
const ALTGR_MS = 50;
/** Windows lets Shift go before a key of the number pad that it shifts, and presses it again behind it: at the same time. */
const PHANTOM_MS = 10;

/** Print Screen and Pause: Windows keeps the press for itself and tells the release alone. */
const UP_ONLY = [0x46, 0x48];
/** Keys of Japanese and Korean keyboards that switch something, whose release is not told, or only at the next press. */
const SWITCHES = [0x88, 0x90, 0x91];
const SWITCH_KEYS = ['Zenkaku', 'Hankaku', 'ZenkakuHankaku', 'Hiragana', 'Katakana', 'HiraganaKatakana', 'Romaji', 'Alphanumeric', 'Eisu'];

/** @param {number} usage the digits and the point, which mean something else with Shift */
const isShiftedPad = (usage) => usage >= 0x59 && usage <= 0x63;

export class PressedKeys {
  /**
   * @param {(usage: number, down: boolean) => void} send
   * @param {'windows'|'mac'|'other'} system
   */
  constructor(send, system = 'other') {
    this.send = send;
    this.system = system;
    /** The keys beside 1 and beside the left Shift change places (ISO keyboards on some Macs). */
    this.swapped = false;
    /** Each key that is no modifier goes down and up at once, again with each repeat of the browser's: no stall of the line between the two makes the target repeat it. */
    this.taps = false;
    /** @type {Set<number>} in order of pressing */
    this.down = new Set();
    /** @type {number|null} when the held-back left Control was pressed */
    this.heldControl = null;
    /** A Shift whose release may be none. @type {{usage: number, at: number}|null} */
    this.heldRelease = null;
    /** @type {boolean|null} Caps Lock of this computer as the last event told it */
    this.caps = null;
  }

  get any() {
    return this.down.size > 0 || this.heldControl !== null;
  }

  /** Something waits for what comes next: flush() within so many ms; 0: nothing does. */
  get wait() {
    return this.heldControl !== null ? ALTGR_MS : this.heldRelease ? PHANTOM_MS : 0;
  }

  /** @param {KeyEvent} event */
  #usage(event) {
    const usage = event.code ? usageOf(event.code) : usageOfMeaning(event.key ?? '');
    if (this.swapped && usage === BACKQUOTE) return INTL_BACKSLASH;
    return this.swapped && usage === INTL_BACKSLASH ? BACKQUOTE : usage;
  }

  /** @param {KeyEvent} event @returns {boolean} whether the key is one the target can have */
  press(event) {
    const usage = this.#usage(event);
    if (usage === undefined) return false;
    if (this.#takesAltGr(usage, event)) this.heldControl = null;
    if (event.repeat) return this.taps && this.down.has(usage) && !isModifier(usage) ? this.#tap(usage) : true; // the target repeats by itself
    this.#settleShift(usage, event);
    if (!isModifier(usage)) this.#trust(event);
    if (this.system === 'mac' && usage === CAPS_LOCK) return this.#tapCaps(event);
    if (SWITCHES.includes(usage) || SWITCH_KEYS.includes(event.key ?? '')) return this.#tap(usage);
    if (this.system === 'windows' && usage === CONTROL_LEFT && !this.down.has(usage)) {
      this.heldControl = event.timeStamp ?? 0;
      return true;
    }
    this.#flushControl();
    // Under Meta macOS has not told the release of the same key before.
    if (this.system === 'mac' && this.down.has(usage) && META.some((meta) => this.down.has(meta))) this.#set(usage, false);
    this.#set(usage, true);
    return true;
  }

  /** @param {KeyEvent} event */
  release(event) {
    const usage = this.#usage(event);
    if (usage === undefined) return false;
    if (this.system === 'mac' && usage === CAPS_LOCK) return this.#tapCaps(event);
    if (this.system === 'windows' && UP_ONLY.includes(usage) && !this.down.has(usage)) {
      this.flush();
      return this.#tap(usage);
    }
    if (usage === CONTROL_LEFT) this.#flushControl();
    if (this.system === 'windows' && SHIFT.includes(usage) && this.down.has(usage)) {
      this.#flushRelease();
      this.heldRelease = { usage, at: event.timeStamp ?? 0 };
      return true;
    }
    this.#flushRelease();
    // macOS never tells the release of keys that went up while Meta was held.
    if (this.system === 'mac' && META.includes(usage)) this.#releaseWhere((held) => !isModifier(held));
    this.#set(usage, false);
    return true;
  }

  /** Sends what was held back to see what comes next; call it `wait` ms after the event. */
  flush() {
    this.#flushControl();
    this.#flushRelease();
  }

  /**
   * Releases modifiers that another event shows to be up: their own release went to another window.
   * @param {Modifiers} event
   */
  trustModifiers(event) {
    this.#releaseWhere(
      (held) =>
        ((held === 0xe0 || held === 0xe4) && !event.ctrlKey) ||
        (SHIFT.includes(held) && !event.shiftKey && this.heldRelease?.usage !== held) ||
        (held === 0xe2 && !event.altKey) || // not right Alt: as AltGr it does not show as Alt
        (META.includes(held) && !event.metaKey),
    );
  }

  /** Forgets everything, without a word to the target: for when the whole state is released by one message. */
  clear() {
    this.down.clear();
    this.heldControl = null;
    this.heldRelease = null;
  }

  /** The Control that was held back is the first half of an AltGr, also of one that is held and repeats. @param {number} usage @param {KeyEvent} event */
  #takesAltGr(usage, event) {
    return this.heldControl !== null && usage === ALT_RIGHT && (event.timeStamp ?? 0) - this.heldControl <= ALTGR_MS;
  }

  /** Every key tells how the modifiers stand. With AltGr systems tell Control and Alt as they like. @param {KeyEvent} event */
  #trust(event) {
    const { ctrlKey, shiftKey, altKey, metaKey } = event;
    if (ctrlKey === undefined || shiftKey === undefined || altKey === undefined || metaKey === undefined) return;
    const altGr = this.down.has(ALT_RIGHT) || this.heldControl !== null || event.getModifierState?.('AltGraph');
    const phantom = SHIFT.some((shift) => this.down.has(shift)) && isShiftedPad(usageOf(event.code) ?? 0);
    this.trustModifiers({ ctrlKey: ctrlKey || Boolean(altGr), altKey: altKey || Boolean(altGr), shiftKey: shiftKey || phantom, metaKey });
  }

  /** Shift stays down for a key of the number pad that comes with its release: a real keyboard has not let it go. @param {number} usage @param {KeyEvent} event */
  #settleShift(usage, event) {
    if (!this.heldRelease) return;
    const phantom = isShiftedPad(usage) && (event.timeStamp ?? 0) - this.heldRelease.at <= PHANTOM_MS;
    if (phantom) this.heldRelease = null;
    else this.#flushRelease();
  }

  #flushControl() {
    if (this.heldControl === null) return;
    this.heldControl = null;
    this.#set(CONTROL_LEFT, true);
  }

  #flushRelease() {
    const held = this.heldRelease;
    this.heldRelease = null;
    if (held) this.#set(held.usage, false);
  }

  /** macOS tells one press of Caps Lock as a press when it goes on and as a release when it goes off; others both. @param {KeyEvent} event */
  #tapCaps(event) {
    const state = event.getModifierState?.('CapsLock') ?? null;
    const news = state === null || state !== this.caps;
    this.caps = state;
    return news ? this.#tap(CAPS_LOCK) : true;
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
    if (!this.taps || isModifier(usage)) this.send(usage, down);
    else if (down) this.#tap(usage);
  }

  /** @param {(usage: number) => boolean} condition */
  #releaseWhere(condition) {
    for (const usage of [...this.down]) if (condition(usage)) this.#set(usage, false);
  }
}
