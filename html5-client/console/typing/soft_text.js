/* What a phone's keyboard makes of the text in a field -> what is typed on the target. Phones tell no keys: they change the
 * text, in the middle of a composition, by swiping whole words, by correcting what was written before. So the field's text
 * is compared with what has been typed: what went is erased, what is new is typed. Pure. */

/** @typedef {{erase: number, type: string, lacking: string[]}} Change strokes of Backspace, then characters, and those that cannot be typed */

/** In the field before anything is typed, so that Backspace always has something to take away and is told. */
export const PADDING = '\u00a0'.repeat(16);
/** A field this full begins anew, where no composition would be broken by it. */
const FULL = 400;

export class SoftText {
  /** Characters of the field, and whether the target has them. @type {{character: string, typed: boolean}[]} */
  #known = [];

  constructor() {
    this.reset();
  }

  /** The field holds nothing but its padding now. */
  reset() {
    this.#known = [...PADDING].map((character) => ({ character, typed: true }));
  }

  /** The field should begin anew when nothing is being composed. */
  get full() {
    return this.#known.length > FULL || this.#known.length < PADDING.length / 2;
  }

  /**
   * @param {string} value of the field @param {(character: string) => boolean} can the target's layout has it
   * @returns {Change}
   */
  take(value, can) {
    const wanted = characters(value);
    let same = 0;
    while (same < wanted.length && same < this.#known.length && wanted[same] === this.#known[same].character) same++;
    const erase = this.#known.splice(same).filter(({ typed }) => typed).length;
    const added = wanted.slice(same).map((character) => ({ character, typed: can(character) }));
    this.#known.push(...added);
    return {
      erase,
      type: added.filter(({ typed }) => typed).map(({ character }) => character).join(''),
      lacking: added.filter(({ typed }) => !typed).map(({ character }) => character),
    };
  }
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What may be more than one character in a row of code points: marks, joiners, emoji. */
const JOINED = /\p{M}|\p{Cf}|\p{Cs}|[\u{10000}-\u{10ffff}]/u;
/** A segmenter is slow, the more so the longer the text: nobody composes that much. */
const LONG = 2 * FULL;

/** Whole characters as people see them: an emoji of several parts, or a letter and its accent, is one. @param {string} text */
function characters(text) {
  const whole = text.normalize('NFC').replace(/\r\n?/g, '\n');
  if (whole.length > LONG || !JOINED.test(whole)) return [...whole];
  return [...segmenter.segment(whole)].map(({ segment }) => segment);
}
