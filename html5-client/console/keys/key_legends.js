/* What is printed on keys: characters by the target's layout, names by the reader's language. */

import { hasMessage, t } from '../../parts/messages.js';
import { codeOf } from './keymap.js';

/** A character, a dead key's accent, or nothing. @typedef {string|{dead: string}|null} Symbol */
/**
 * As GET /layouts/{layout} tells it. Levels: bit 0 Shift, bit 1 the key to level 3.
 * @typedef {{name: string, title: string, kind: 'ansi'|'iso'|'jis', level3: number|null, keys: {usage: number, levels: Symbol[]}[]}} Layout
 */
/** @typedef {{base: string, shift: string, third: string}} Legend */

const US = {
  Backquote: '`~', Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Semicolon: ';:', Quote: '\'"', Comma: ',<',
  Period: '.>', Slash: '/?', IntlBackslash: '\\|', IntlRo: '\\_', IntlYen: '¥|', Digit1: '1!', Digit2: '2@', Digit3: '3#', Digit4: '4$', Digit5: '5%',
  Digit6: '6^', Digit7: '7&', Digit8: '8*', Digit9: '9(', Digit0: '0)',
};
/** Signs that need no words. */
const SIGNS = {
  Backspace: '⌫', Tab: '⇥', Enter: '⏎', NumpadEnter: '⏎', ShiftLeft: '⇧', ShiftRight: '⇧', CapsLock: '⇪', MetaLeft: '⊞', MetaRight: '⊞', ContextMenu: '☰',
  ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Space: ' ', NumpadDivide: '/', NumpadMultiply: '*', NumpadSubtract: '−',
  NumpadAdd: '+', NumpadDecimal: '.', Convert: '変換', NonConvert: '無変換', KanaMode: 'かな',
};

/** @param {Symbol|undefined} symbol */
const text = (symbol) => (typeof symbol === 'string' ? symbol : (symbol?.dead ?? ''));
/** Blanks and control characters have no picture. @param {string} character */
const printable = (character) => (/^[\s\p{C}]*$/u.test(character) ? '' : character);

/** Legends of one layout; null: those of the US. */
export class KeyLegends {
  /** @type {Map<string, Legend>} */
  #legends = new Map();

  /** @param {Layout|null} layout */
  constructor(layout) {
    for (const { usage, levels } of layout?.keys ?? []) {
      const [base, shift, third] = levels.map((symbol) => printable(text(symbol)));
      this.#legends.set(codeOf(usage) ?? '', legend(base ?? '', shift ?? '', third ?? ''));
    }
  }

  /** The characters on a key; null: it has a name only. @param {string} code @returns {Legend|null} */
  of(code) {
    const known = this.#legends.get(code);
    if (known?.base) return known;
    if (/^Key[A-Z]$/.test(code) && !this.#legends.size) return legend(code.slice(3).toLowerCase(), code.slice(3), '');
    const us = /** @type {Record<string, string>} */ (US)[code];
    return us && !this.#legends.size ? legend(us[0], us[1], '') : null;
  }
}

/** A letter stands on its key once, as a capital. @param {string} base @param {string} shift @param {string} third @returns {Legend} */
function legend(base, shift, third) {
  const letter = base.toLocaleUpperCase() === shift && base !== shift;
  return letter ? { base: shift, shift: '', third } : { base, shift, third };
}

/** What a key without characters shows. @param {string} code */
export function keyCap(code) {
  const sign = /** @type {Record<string, string>} */ (SIGNS)[code];
  if (sign) return sign;
  if (/^F\d+$/.test(code)) return code;
  if (/^Numpad\d$/.test(code)) return code.slice(6);
  return hasMessage(`keys.cap.${code}`) ? t(`keys.cap.${code}`) : '';
}

/** What a key is called. @param {string} code */
export function keyName(code) {
  if (/^F\d+$/.test(code)) return code;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3);
  if (/^Digit\d$/.test(code)) return code.slice(5);
  if (/^Numpad\d$/.test(code)) return t('keys.name.Numpad', { key: code.slice(6) });
  return hasMessage(`keys.name.${code}`) ? t(`keys.name.${code}`) : code;
}
