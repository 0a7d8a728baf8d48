/* Text that is typed on the target key by key: for passwords, commands and licence keys, where no clipboard reaches. */

import { api, sentence } from '../api.js';
import { openDialog } from '../parts/dialog.js';
import { h, newId, setText } from '../parts/dom.js';
import { countWords } from '../parts/words.js';

const POLL_MS = 300;

/** @param {string} target @param {string} [text] */
export function openPasteDialog(target, text = '') {
  const dialog = new PasteDialog(target);
  dialog.open(text);
}

class PasteDialog {
  #id = newId('paste');
  #text = h('textarea', { class: 'input mono', id: this.#id, spellcheck: 'false', autocapitalize: 'none', autofocus: true });
  #layout = h('select', { class: 'input', id: `${this.#id}-layout` });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #progress = h('progress', { hidden: true, 'aria-label': 'Typed so far' });
  #state = h('span', { class: 'small dim spring', role: 'status' });
  #start = h('button', { class: 'button primary', type: 'button', onclick: () => this.#type() }, 'Type it');
  #stop = h('button', { class: 'button', type: 'button', hidden: true, onclick: () => this.#stopTyping() }, 'Stop');
  #typing = false;

  /** @param {string} target */
  constructor(target) {
    this.target = target;
  }

  /** @param {string} text */
  open(text) {
    this.#text.value = text;
    this.#text.addEventListener('input', () => this.#count());
    openDialog({
      title: `Type text on ${this.target}`,
      body: [
        h('div', { class: 'field' }, h('label', { for: this.#id }, 'Text'), this.#text, this.#hint()),
        this.#message,
        this.#progress,
      ],
      foot: [this.#state, this.#layoutField(), this.#stop, this.#start],
      onclose: () => this.#typing && this.#stopTyping(),
    });
    this.#count();
  }

  #hint() {
    return h('p', { class: 'hint' }, 'Pressed as keys, so the layout must be the one that the target uses. Line ends become Enter.');
  }

  #layoutField() {
    const show = (/** @type {string[]} */ names) =>
      this.#layout.replaceChildren(...names.map((name) => h('option', { value: name }, name.toUpperCase())));
    show(['us']);
    api.layouts().then(show, () => {});
    this.#layout.setAttribute('aria-label', 'Keyboard layout of the target');
    return this.#layout;
  }

  #count() {
    const { length } = [...this.#text.value];
    setText(this.#state, countWords(length, 'character', 'characters'));
    this.#start.disabled = !length || this.#typing;
  }

  async #type() {
    setText(this.#message, '');
    this.#busy(true);
    try {
      const { characters } = await api.type(this.target, this.#text.value, this.#layout.value);
      await this.#follow(characters);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#busy(false);
  }

  /** @param {number} characters */
  async #follow(characters) {
    this.#progress.max = characters;
    for (;;) {
      const { remaining } = await api.typing(this.target);
      this.#progress.value = characters - remaining;
      setText(this.#state, `${characters - remaining} of ${characters} typed`);
      if (!remaining) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (this.#typing) this.#text.value = '';
  }

  async #stopTyping() {
    this.#typing = false;
    try {
      await api.stopTyping(this.target);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {boolean} busy */
  #busy(busy) {
    const stopped = !busy && !this.#typing;
    this.#typing = busy;
    this.#progress.hidden = !busy;
    this.#stop.hidden = !busy;
    this.#text.readOnly = busy;
    this.#start.disabled = busy || !this.#text.value;
    if (!busy) setText(this.#state, stopped ? 'Stopped.' : this.#message.textContent ? '' : 'All typed.');
    (busy ? this.#stop : this.#text).focus();
  }
}
