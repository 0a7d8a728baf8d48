/* A field that nobody sees, for the keyboard that a phone raises when it has the focus. What arrives in it becomes strokes
 * on the target: by its text (soft_text.js), because phones tell no keys, or one for every key (keyCode 229). */

import { h } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { usageOf, usageOfMeaning } from '../keys/keymap.js';
import { PADDING, SoftText } from './soft_text.js';

/** @typedef {import('./char_strokes.js').Stroke} Stroke */

const BACKSPACE = 0x2a;
/** A text this long that comes at once was not typed. */
const PASTE = 80;
const UNKNOWN = 229;

export class SoftKeyboard {
  #text = new SoftText();
  #composing = false;
  element = h('textarea', {
    class: 'soft-field', rows: 1, autocapitalize: 'none', autocomplete: 'off', autocorrect: 'off', spellcheck: 'false', enterkeyhint: 'enter',
    inputmode: 'text', tabindex: -1, 'aria-label': t('softkeys.field'),
  });

  /**
   * @param {{strokes: (character: string) => Stroke[]|null, type: (strokes: Stroke[]) => void, lacking: (characters: string[]) => void,
   *   pasted: (text: string) => void, leave: () => void}} calls lacking: what the target's layout has no way to
   */
  constructor(calls) {
    this.calls = calls;
    const { element } = this;
    element.addEventListener('keydown', (event) => this.#down(event));
    element.addEventListener('keyup', (event) => event.stopPropagation());
    element.addEventListener('beforeinput', (event) => this.#before(event));
    element.addEventListener('input', () => this.#take());
    element.addEventListener('compositionstart', () => (this.#composing = true));
    element.addEventListener('compositionend', () => {
      this.#composing = false;
      this.#take();
    });
    element.addEventListener('paste', (event) => this.#pasted(event));
    this.#reset();
  }

  get focused() {
    return document.activeElement === this.element;
  }

  /** Only from within a press of the user: phones raise no keyboard otherwise. */
  open() {
    this.element.blur(); // who has the focus already raises nothing
    this.#reset();
    this.element.focus({ preventScroll: true });
    this.#caret();
  }

  close() {
    this.element.blur();
  }

  #reset() {
    this.#text.reset();
    this.element.value = PADDING;
    this.#caret();
  }

  /** Behind all of it: what is before can be taken away, and nothing comes after. */
  #caret() {
    const { length } = this.element.value;
    this.element.setSelectionRange(length, length);
  }

  /** Keys that write nothing, and combinations: from keyboards that tell them. @param {KeyboardEvent} event */
  #down(event) {
    event.stopPropagation();
    const { key, code, ctrlKey, altKey, metaKey, shiftKey } = event;
    if (event.isComposing || event.keyCode === UNKNOWN || key === 'Backspace') return;
    if (ctrlKey && altKey && shiftKey && key === 'Enter') return this.calls.leave();
    const combined = ctrlKey !== altKey || metaKey; // both together are AltGr: they write a character
    if (key.length === 1 && !combined) return;
    const usage = usageOf(code) ?? usageOfMeaning(key);
    if (usage === undefined || usage >= 0xe0 || (key.length > 1 && ['Dead', 'Process', 'Unidentified', 'CapsLock'].includes(key))) return;
    event.preventDefault();
    const held = [ctrlKey && 0xe0, shiftKey && 0xe1, altKey && 0xe2, metaKey && 0xe3].filter((one) => one !== false);
    this.calls.type([{ usage, held }]);
    if (key === 'Enter') this.#reset();
  }

  /** @param {InputEvent} event */
  #before(event) {
    if (event.inputType === 'historyUndo' || event.inputType === 'historyRedo') event.preventDefault();
    if (event.inputType === 'insertFromDrop') event.preventDefault();
  }

  /** Short ones are what keyboards offer above their keys; others belong to the dialog. @param {ClipboardEvent} event */
  #pasted(event) {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text.length < PASTE && !text.includes('\n')) return;
    event.preventDefault();
    event.stopPropagation();
    this.calls.pasted(text);
  }

  #take() {
    const known = new Map();
    /** @param {string} character */
    const strokesOf = (character) => {
      if (!known.has(character)) known.set(character, this.calls.strokes(character));
      return known.get(character);
    };
    const { erase, type, lacking } = this.#text.take(this.element.value, (character) => strokesOf(character) !== null);
    const strokes = [...type].flatMap((character) => strokesOf(character) ?? this.calls.strokes(character) ?? []);
    const back = Array.from({ length: erase }, () => ({ usage: BACKSPACE, held: [] }));
    if (back.length || strokes.length) this.calls.type([...back, ...strokes]);
    if (lacking.length) this.calls.lacking(lacking);
    if (!this.#composing && (this.#text.full || type.includes('\n'))) this.#reset();
    else if (!this.#composing) this.#caret();
  }
}
