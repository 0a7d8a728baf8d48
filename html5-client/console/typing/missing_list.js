/* The characters that cannot be typed with a layout, each once, and what to do with them. */

import { h, newId } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { missingName } from './paste_words.js';

/** @typedef {import('./typing_api.js').Plan} Plan */
/** @typedef {import('./typing_api.js').Instead} Instead */

/** @type {Instead[]} */
const CHOICES = ['leave-out', 'alt-codes', 'unicode-input'];

export class MissingList {
  #name = newId('instead');
  #title = h('p', { role: 'status' });
  #list = h('ul', { class: 'missing-list' });
  #choices = CHOICES.map((value) => h('input', { type: 'radio', name: this.#name, value, onchange: () => this.changed() }));
  element = h(
    'section', { class: 'missing', hidden: true }, this.#title, this.#list,
    h('fieldset', { class: 'missing-choices' }, h('legend', {}, t('paste.instead')),
      ...this.#choices.map((input, i) => h('label', { class: 'check' }, input, t(`paste.instead-${CHOICES[i]}`)))),
  );

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @returns {Instead} */
  get instead() {
    return /** @type {Instead} */ (this.#choices.find((input) => input.checked)?.value ?? 'refuse');
  }

  /** @param {Plan|null} plan */
  show(plan) {
    const count = plan?.missing_count ?? 0;
    // what was chosen stays in sight, though nothing may be missing with it
    this.element.hidden = !count && this.instead === 'refuse';
    this.#title.textContent = count ? t('paste.missing', { count }) : t('paste.missing-none');
    this.#list.replaceChildren(
      ...(plan?.missing ?? []).map((missing) =>
        h('li', {}, h('bdi', { class: missing.name ? '' : 'mono missing-character' }, missingName(missing)), h('span', { class: 'mono dim' }, missing.code),
          h('span', { class: 'dim' }, t('paste.missing-where', { count: missing.count, line: missing.line, column: missing.column })))),
      ...(plan?.more_missing ? [h('li', { class: 'dim' }, t('paste.missing-more'))] : []),
    );
    this.#list.hidden = !count;
  }

  forget() {
    for (const input of this.#choices) input.checked = false;
  }

  /** @param {boolean} on */
  set disabled(on) {
    for (const input of this.#choices) input.disabled = on;
  }
}
