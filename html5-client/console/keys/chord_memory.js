/* Which combinations are used how often on a target, and people's own; in this browser. */

import { parseChord } from './key_names.js';

const KEPT = 'lightsout.chords';
const MOST_TARGETS = 64;
const MOST_OWN = 32;
const MOST_USED = 40;

/** @typedef {{used: Record<string, number>, own: string[], at: number}} Kept */

/** @returns {Record<string, Kept>} */
function load() {
  try {
    const all = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    return all && typeof all === 'object' ? all : {};
  } catch {
    return {};
  }
}

export class ChordMemory {
  /** @param {string} target */
  constructor(target) {
    this.target = target;
  }

  /** @returns {Kept} */
  #mine() {
    const kept = load()[this.target];
    const used = kept?.used && typeof kept.used === 'object' ? kept.used : {};
    const own = Array.isArray(kept?.own) ? kept.own.filter((text) => typeof text === 'string' && parseChord(text)) : [];
    return { used, own, at: kept?.at ?? 0 };
  }

  /** Most used first. @param {number} most @returns {string[]} */
  mostUsed(most) {
    const used = Object.entries(this.#mine().used).filter(([text, n]) => Number.isFinite(n) && parseChord(text));
    return used.sort(([, one], [, other]) => other - one).slice(0, most).map(([text]) => text);
  }

  /** People's own, for this target. */
  get own() {
    return this.#mine().own;
  }

  /** @param {string} text */
  used(text) {
    const mine = this.#mine();
    mine.used[text] = (mine.used[text] ?? 0) + 1;
    const entries = Object.entries(mine.used).sort(([, one], [, other]) => other - one).slice(0, MOST_USED);
    this.#keep({ ...mine, used: Object.fromEntries(entries) });
  }

  /** @param {string} text */
  add(text) {
    const mine = this.#mine();
    if (!mine.own.includes(text)) this.#keep({ ...mine, own: [...mine.own, text].slice(-MOST_OWN) });
  }

  /** @param {string} text */
  remove(text) {
    const mine = this.#mine();
    const { [text]: _gone, ...used } = mine.used;
    this.#keep({ ...mine, used, own: mine.own.filter((other) => other !== text) });
  }

  /** @param {Kept} mine */
  #keep(mine) {
    const all = { ...load(), [this.target]: { ...mine, at: Date.now() } };
    const newest = Object.entries(all).sort(([, one], [, other]) => (other?.at ?? 0) - (one?.at ?? 0)).slice(0, MOST_TARGETS);
    try {
      localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(newest)));
    } catch {
      // Not kept then.
    }
  }
}
