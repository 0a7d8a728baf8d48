/* A field that takes what is pressed as a combination: Escape alone, and leaving the field, end it. */

import { h, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { chordText, chordTitle, inOrder } from './key_names.js';
import { usageOf } from './keymap.js';

const ESCAPE = 0x29;

export class KeyField {
  /** @type {Set<number>} down now */
  #down = new Set();
  /** @type {number[]} the most that were down together */
  #most = [];
  #on = false;
  #label;

  /** @param {string} label @param {(text: string) => void} taken "ctrl+alt+f3" @param {string} [value] */
  constructor(label, taken, value = '') {
    this.#label = label;
    this.taken = taken;
    this.element = h('button', { type: 'button', class: 'button key-field', onclick: () => this.#begin() }, value ? chordTitle(value) : label);
    this.element.addEventListener('keydown', (event) => this.#key(event, true));
    this.element.addEventListener('keyup', (event) => this.#key(event, false));
    this.element.addEventListener('blur', () => this.#end());
  }

  #begin() {
    this.#on = true;
    this.#down.clear();
    this.#most = [];
    this.element.setAttribute('aria-pressed', 'true');
    setText(this.element, t('keys.press-now'));
  }

  #end() {
    if (!this.#on) return;
    this.#on = false;
    this.element.removeAttribute('aria-pressed');
    const text = chordText(inOrder(this.#most));
    setText(this.element, text ? chordTitle(text) : this.#label);
    if (text) this.taken(text);
  }

  /** @param {KeyboardEvent} event @param {boolean} down */
  #key(event, down) {
    const usage = usageOf(event.code);
    if (!this.#on || usage === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (!down) {
      this.#down.delete(usage);
      if (!this.#down.size && this.#most.length) this.#end();
      return;
    }
    if (usage === ESCAPE && !this.#down.size) {
      this.#most = [];
      return this.#end();
    }
    this.#down.add(usage);
    if (this.#down.size >= this.#most.length) this.#most = [...this.#down];
    setText(this.element, chordTitle(chordText(inOrder(this.#most))) || t('keys.press-now'));
  }
}
