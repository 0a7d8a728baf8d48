/* A character -> the strokes that type it on a target with a given layout, for keyboards that tell characters and no keys.
 * Made from what GET /layouts/{layout} tells; without it, from the US layout. Pure. */

/** One key with what is held meanwhile. @typedef {{usage: number, held: number[]}} Stroke */
/**
 * Of GET /layouts/{layout} what matters here. Levels: bit 0 Shift, bit 1 the key to level 3, bit 2 that to level 5.
 * @typedef {{level3: number|null, level5?: number|null, keys: {usage: number, levels: (string|{dead: string}|null)[]}[]}} Layout
 */

const SHIFT = 0xe1;
const ENTER = 0x28;
const TAB = 0x2b;
const SPACE = 0x2c;

/** Accents that combine with the letter before -> as they stand on dead keys. */
const ACCENTS = new Map(Object.entries({
  '\u0300': '`', '\u0301': '´', '\u0302': '^', '\u0303': '~', '\u0304': '¯', '\u0306': '˘', '\u0307': '˙', '\u0308': '¨', '\u030a': '˚', '\u030b': '˝',
  '\u030c': 'ˇ', '\u0327': '¸', '\u0328': '˛',
}));

/** What phones write by themselves, as it is meant on a keyboard that lacks it. */
const PLAIN = new Map(Object.entries({ '\u2018': "'", '\u2019': "'", '\u201c': '"', '\u201d': '"', '\u2013': '-', '\u2014': '-', '\u2026': '...', '\u00a0': ' ', '\u202f': ' ' }));

/** @type {[number, string][]} usage -> characters, plain and with Shift */
const US = [
  [0x2d, '-_'], [0x2e, '=+'], [0x2f, '[{'], [0x30, ']}'], [0x31, '\\|'], [0x33, ';:'], [0x34, '\'"'], [0x35, '`~'], [0x36, ',<'], [0x37, '.>'], [0x38, '/?'],
  ...[...'1!2@3#4$5%6^7&8*9(0)'.matchAll(/../g)].map(([pair], i) => /** @type {[number, string]} */ ([0x1e + i, pair])),
  ...Array.from({ length: 26 }, (_, i) => /** @type {[number, string]} */ ([0x04 + i, String.fromCharCode(97 + i, 65 + i)])),
];

/** @returns {Layout['keys']} */
const usKeys = () => US.map(([usage, pair]) => ({ usage, levels: [...pair] }));

export class CharStrokes {
  /** @type {Map<string, Stroke>} */
  #plain = new Map();
  /** Accent -> its dead key. @type {Map<string, Stroke>} */
  #dead = new Map();

  /** @param {Layout|null} layout */
  constructor(layout) {
    for (const { usage, levels } of layout?.keys ?? usKeys())
      levels.forEach((symbol, level) => {
        const held = heldFor(level, layout);
        if (!symbol || !held) return;
        const kept = typeof symbol === 'string' ? this.#plain : this.#dead;
        const name = typeof symbol === 'string' ? symbol : symbol.dead;
        // The fewest keys; of equals the first.
        if ((kept.get(name)?.held.length ?? 9) > held.length) kept.set(name, { usage, held });
      });
    for (const [character, usage] of /** @type {[string, number][]} */ ([['\n', ENTER], ['\t', TAB], [' ', SPACE]])) this.#plain.set(character, { usage, held: [] });
  }

  /** @param {string} character one @returns {Stroke[]|null} null: this layout has no way to it */
  of(character) {
    const direct = this.#direct(character);
    if (direct) return direct;
    const plain = [...(PLAIN.get(character) ?? '')].map((one) => this.#direct(one));
    return plain.length && plain.every(Boolean) ? /** @type {Stroke[]} */ (plain.flat()) : null;
  }

  /** @param {string} character @returns {Stroke[]|null} */
  #direct(character) {
    const plain = this.#plain.get(character);
    if (plain) return [plain];
    const accent = this.#dead.get(character);
    if (accent) return [accent, { usage: SPACE, held: [] }];
    const [base, ...marks] = character.normalize('NFD');
    const letter = this.#plain.get(base);
    const dead = marks.map((mark) => this.#dead.get(ACCENTS.get(mark) ?? ''));
    return letter && dead.length && dead.every(Boolean) ? [.../** @type {Stroke[]} */ (dead), letter] : null;
  }
}

/** @param {number} level @param {Layout|null} layout @returns {number[]|null} what is held for it; null: no way there */
function heldFor(level, layout) {
  const held = level & 1 ? [SHIFT] : [];
  for (const [bit, usage] of /** @type {[number, number|null|undefined][]} */ ([[2, layout?.level3], [4, layout?.level5]])) {
    if (!(level & bit)) continue;
    if (!usage) return null;
    held.push(usage);
  }
  return held;
}
