/* Modifiers of a keyboard on the screen, for one finger: tapped once they are down for the next key, twice until they are
 * tapped again. They are really down meanwhile, so that a click with Control is one too. Pure. */

export const MODIFIERS = ['ControlLeft', 'ShiftLeft', 'AltLeft', 'MetaLeft', 'ControlRight', 'ShiftRight', 'AltRight', 'MetaRight'];

/** @typedef {'off'|'once'|'locked'} Stickiness */

export class StickyKeys {
  /** @type {Map<string, Stickiness>} */
  #states = new Map();

  /** @param {(code: string, down: boolean) => void} send */
  constructor(send) {
    this.send = send;
  }

  /** @param {string} code @returns {Stickiness} */
  state(code) {
    return this.#states.get(code) ?? 'off';
  }

  get codes() {
    return [...this.#states.keys()];
  }

  /** @param {string} code of MODIFIERS */
  tap(code) {
    const state = this.state(code);
    if (state === 'off') {
      this.#states.set(code, 'once');
      this.send(code, true);
    } else if (state === 'once') this.#states.set(code, 'locked');
    else this.#release(code);
  }

  /** Another key has been pressed and let go. */
  used() {
    for (const code of this.codes.reverse()) if (this.state(code) === 'once') this.#release(code);
  }

  /** The target has let go of everything. */
  clear() {
    this.#states.clear();
  }

  /** @param {string} code */
  #release(code) {
    this.#states.delete(code);
    this.send(code, false);
  }
}
