/* What was chosen of the picture: its text, how sure that is, and what can be done with it. */

import { h, setText } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { kept } from '../../parts/kept.js';
import { t } from '../../parts/messages.js';
import { textOf, unknownCells } from './region_math.js';
import { chosenLanguage, languageWords } from './text_language.js';

/** @typedef {import('./region_math.js').ScreenText} ScreenText */

const KEPT = 'text-language';

/** @param {ScreenText} text */
function sureWords(text) {
  if (text.method === 'recognition') return t('picture.text-recognised');
  const count = unknownCells(text);
  if (!count) return text.font ? t('picture.text-exact', { font: text.font }) : t('picture.text-blank');
  return t('picture.text-partial', { count });
}

export class RegionPanel {
  #field = h('textarea', { class: 'region-text', readonly: true, rows: 5, spellcheck: 'false', 'aria-label': t('picture.text') });
  #state = h('p', { class: 'small', role: 'status' });
  #copied = h('p', { class: 'small dim', role: 'status' });
  #copy = h('button', { type: 'button', class: 'button small primary', onclick: () => void this.copy() }, t('picture.copy-text'));

  /**
   * @param {{close: () => void, all: () => void, again: () => void, copyPicture: () => void, savePicture: () => void}} calls again: in another language
   * @param {string[]} languages that the gateway recognises
   */
  constructor(calls, languages) {
    this.language = chosenLanguage(languages, kept.read(KEPT) ?? '');
    const options = languages.map((name) => h('option', { value: name, selected: name === this.language }, languageWords(name)));
    const select = h('select', { class: 'input', onchange: () => (kept.keep(KEPT, (this.language = select.value)), calls.again()) }, ...options);
    /** @param {string} label @param {() => void} run */
    const button = (label, run) => h('button', { type: 'button', class: 'button small', onclick: run }, label);
    const close = h('button', { type: 'button', class: 'button quiet square small', 'aria-label': t('words.close'), onclick: calls.close }, icon('close'));
    this.element = h(
      'section',
      { class: 'region-panel', 'aria-label': t('picture.select'), hidden: true },
      h('div', { class: 'figures-head' }, h('h2', {}, t('picture.select')), close),
      this.#state,
      this.#field,
      this.#copied,
      languages.length > 1 && h('label', { class: 'field small' }, t('picture.text-language'), select),
      h('div', { class: 'region-buttons' }, this.#copy, button(t('picture.select-all'), calls.all), button(t('picture.copy-picture'), calls.copyPicture), button(t('picture.save-picture'), calls.savePicture)),
    );
    this.element.addEventListener('keydown', (event) => event.key === 'Escape' && calls.close());
  }

  /** @param {boolean} open */
  show(open) {
    this.element.hidden = !open;
    if (open) this.tell(t('picture.select-help'));
  }

  /** Nothing is read, for this reason. @param {string} words */
  tell(words) {
    setText(this.#state, words);
    setText(this.#copied, '');
    this.#field.value = '';
    this.#field.hidden = this.#copy.disabled = true;
  }

  /** @param {ScreenText} text */
  async read(text) {
    this.#field.value = textOf(text);
    this.#field.hidden = this.#copy.disabled = false;
    this.element.dataset.method = text.method;
    this.element.dataset.exact = String(text.exact && text.method === 'fonts');
    setText(this.#state, sureWords(text));
    await this.copy();
  }

  /** Where the browser does not allow it, it is selected for Ctrl+C. */
  async copy() {
    if (!this.#field.value) return setText(this.#copied, t('picture.text-empty'));
    try {
      await navigator.clipboard.writeText(this.#field.value);
      setText(this.#copied, t('words.copied'));
    } catch {
      this.#field.focus();
      this.#field.select();
      setText(this.#copied, t('words.selected'));
    }
  }
}
