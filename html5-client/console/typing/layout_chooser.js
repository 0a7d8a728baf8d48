/* Chooses one of the hundreds of keyboard layouts: a field that searches as one writes, with a list below it. */

import { h, newId } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';

/** @typedef {import('./typing_api.js').LayoutName} LayoutName */

const SHOWN = 60;

const fold = (/** @type {string} */ text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Those that hold all the words, in name or title; the best first: the name itself, then names and titles that begin so.
 * @param {LayoutName[]} layouts @param {string} wanted
 */
export function searchLayouts(layouts, wanted) {
  const words = fold(wanted).split(/\s+/).filter(Boolean);
  if (!words.length) return layouts;
  const whole = words.join(' ');
  /** @param {LayoutName} layout */
  const rank = ({ name, title }) => {
    const folded = fold(title);
    if (name === whole) return 0;
    return folded === whole ? 1 : name.startsWith(whole) ? 2 : folded.startsWith(whole) ? 3 : 4;
  };
  return layouts
    .filter(({ name, title }) => words.every((word) => `${name} ${fold(title)}`.includes(word)))
    .map((layout, i) => ({ layout, i, rank: rank(layout) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ layout }) => layout);
}

/** @param {LayoutName} layout */
const words = ({ name, title }) => `${title} – ${name}`;

export class LayoutChooser {
  #id = newId('layout');
  /** @type {LayoutName[]} */ #layouts = [];
  /** @type {LayoutName[]} */ #found = [];
  #at = -1;
  #value = 'us';
  #input = h('input', {
    class: 'input', id: this.#id, role: 'combobox', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none',
    'aria-expanded': 'false', 'aria-controls': `${this.#id}-list`, 'aria-autocomplete': 'list',
    oninput: () => this.#open(this.#input.value), onclick: () => this.#open(''), onkeydown: (/** @type {KeyboardEvent} */ e) => this.#key(e),
    onblur: () => this.#close(),
  });
  #list = h('ul', { class: 'layout-list', id: `${this.#id}-list`, role: 'listbox', hidden: true, 'aria-label': t('paste.layout') });
  element = h('div', { class: 'field layout-chooser' }, h('label', { for: this.#id }, t('paste.layout')), this.#input, this.#list);

  /** @param {(name: string) => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.#input.disabled = true;
  }

  get value() {
    return this.#value;
  }

  /** @param {LayoutName[]} layouts @param {string} value */
  fill(layouts, value) {
    this.#layouts = layouts;
    this.#value = layouts.some(({ name }) => name === value) ? value : 'us';
    this.#input.disabled = false;
    this.#show();
  }

  /** The one that is chosen; undefined before they are there. */
  get layout() {
    return this.#layouts.find(({ name }) => name === this.#value);
  }

  /** @param {boolean} on */
  set disabled(on) {
    this.#input.disabled = on || !this.#layouts.length;
  }

  #show() {
    const { layout } = this;
    this.#input.value = layout ? words(layout) : this.#value;
  }

  /** @param {string} wanted */
  #open(wanted) {
    if (!wanted) this.#input.select();
    this.#found = searchLayouts(this.#layouts, wanted).slice(0, wanted ? SHOWN : this.#layouts.length);
    this.#at = wanted ? 0 : this.#found.findIndex(({ name }) => name === this.#value);
    this.#list.replaceChildren(
      ...this.#found.map((layout, i) =>
        h('li', { role: 'option', id: `${this.#id}-${i}`, 'aria-selected': String(layout.name === this.#value),
          onpointerdown: (/** @type {Event} */ e) => { e.preventDefault(); this.#choose(layout); } },
        h('span', {}, layout.title), h('span', { class: 'mono dim' }, layout.name))),
      ...(this.#found.length ? [] : [h('li', { class: 'dim', 'aria-disabled': 'true', role: 'option' }, t('paste.layout-none'))]),
    );
    this.#list.hidden = false;
    this.#input.setAttribute('aria-expanded', 'true');
    this.#mark();
  }

  #mark() {
    const options = [...this.#list.children];
    options.forEach((option, i) => option.toggleAttribute('data-at', i === this.#at));
    options[this.#at]?.scrollIntoView({ block: 'nearest' });
    if (this.#found[this.#at]) this.#input.setAttribute('aria-activedescendant', `${this.#id}-${this.#at}`);
    else this.#input.removeAttribute('aria-activedescendant');
  }

  #close() {
    this.#list.hidden = true;
    this.#input.setAttribute('aria-expanded', 'false');
    this.#input.removeAttribute('aria-activedescendant');
    this.#show();
  }

  /** @param {LayoutName} layout */
  #choose(layout) {
    const other = layout.name !== this.#value;
    this.#value = layout.name;
    this.#close();
    if (other) this.changed(layout.name);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    const open = !this.#list.hidden;
    if (steps) {
      if (!open) this.#open('');
      else this.#at = Math.max(0, Math.min(this.#found.length - 1, this.#at + steps));
      this.#mark();
    } else if (event.key === 'Enter' && open) {
      if (this.#found[this.#at]) this.#choose(this.#found[this.#at]);
    } else if (event.key === 'Escape' && open) {
      this.#close();
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  }
}
