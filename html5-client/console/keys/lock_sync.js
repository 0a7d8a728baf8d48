/* Whether the lock keys of this computer and of the target agree, as people expect of Caps Lock. The target tells its
 * lights, key events tell this computer's. Only what both really tell is compared, and nothing is pressed here: who asks
 * decides. Pure. */

/** @typedef {'caps'|'num'|'scroll'} Lock */
/** @typedef {{caps: boolean, num: boolean, scroll: boolean}} Locks */

/** @type {Record<Lock, string>} */
const STATES = { caps: 'CapsLock', num: 'NumLock', scroll: 'ScrollLock' };
/** @type {Record<Lock, string>} */
export const LOCK_CODES = STATES;
/** A lamp answers a key within this; before, a difference is none. */
export const SETTLE_MS = 700;

export class LockSync {
  /** @type {Locks|null} */
  #here = null;
  /** @type {Locks|null} */
  #there = null;
  /** The target has lit or put out a lamp: one that never did may have none. */
  #tells = new Set();
  /** @type {number} when a lock key was pressed, here or by us */
  #touched = -Infinity;

  /** @param {'windows'|'mac'|'other'} system Macs have no Num Lock and no Scroll Lock */
  constructor(system) {
    /** @type {Lock[]} */
    this.known = system === 'mac' ? ['caps'] : ['caps', 'num', 'scroll'];
  }

  /** @param {{code?: string, getModifierState?: (name: string) => boolean}} event a key's or the pointer's @param {number} now */
  seen(event, now) {
    if (!event.getModifierState) return;
    const state = event.getModifierState.bind(event);
    this.#here = { caps: state(STATES.caps), num: state(STATES.num), scroll: state(STATES.scroll) };
    if (Object.values(STATES).includes(event.code ?? '')) this.#touched = now;
  }

  /** @param {Locks} leds */
  told(leds) {
    for (const lock of this.known) if (leds[lock] || (this.#there && this.#there[lock] !== leds[lock])) this.#tells.add(lock);
    this.#there = { caps: leds.caps, num: leds.num, scroll: leds.scroll };
  }

  /** Another target, or none. */
  forget() {
    this.#there = null;
    this.#tells.clear();
  }

  /** We press a lock key. @param {number} now */
  pressed(now) {
    this.#touched = now;
  }

  /**
   * Which locks differ. Caps Lock that is on here and was never lit there counts too: what one types would not be what
   * one expects; of the others only what the target tells.
   * @param {number} now @returns {Lock[]}
   */
  differing(now) {
    const [here, there] = [this.#here, this.#there];
    if (!here || !there || now - this.#touched < SETTLE_MS) return [];
    return this.known.filter((lock) => here[lock] !== there[lock] && this.#tells.has(lock));
  }

  /** @param {Lock} lock */
  isOnHere(lock) {
    return this.#here?.[lock] ?? false;
  }
}
