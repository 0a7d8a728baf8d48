/* The library as a list to choose one image from; those that cannot be used stay in sight with the reason. */

import { h, newId } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { imageWords } from './media_words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Image} Image */

/** More than this many: a search field helps. */
const SEARCH_FROM = 7;

export class ImagePicker {
  #group = newId('image');
  #list = h('div', { class: 'images', role: 'radiogroup', 'aria-label': t('media.images') });
  #search = h('input', { class: 'input', type: 'search', placeholder: t('media.search'), 'aria-label': t('media.search'), hidden: true });
  #shown = '';
  element = h('div', { class: 'picker' }, this.#search, this.#list);
  /** @type {string|null} */
  chosen = null;
  /** @type {Image[]} */
  images = [];

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.#search.addEventListener('input', () => this.#filter());
    this.#list.append(h('p', { class: 'small dim' }, t('media.reading')));
  }

  get image() {
    return this.images.find(({ name }) => name === this.chosen) ?? null;
  }

  /** @param {Image[]} images @param {string} empty what to say when there are none */
  show(images, empty) {
    this.images = images;
    const shown = JSON.stringify(images);
    if (shown === this.#shown && images.length) return; // rows keep their focus
    this.#shown = shown;
    const focused = /** @type {HTMLInputElement|null} */ (this.#list.querySelector('input:focus'))?.value;
    this.#search.hidden = images.length < SEARCH_FROM;
    if (this.chosen !== null && !this.image?.usable) this.#choose(null);
    this.#list.replaceChildren(...images.map((image) => this.#row(image)));
    if (!images.length) this.#list.append(h('p', { class: 'small dim' }, empty));
    this.#filter();
    for (const input of this.#list.querySelectorAll('input')) if (input.value === focused) input.focus();
  }

  /** @param {string} name @returns {boolean} it is there and can be used */
  choose(name) {
    for (const input of this.#list.querySelectorAll('input')) {
      if (input.value !== name || input.disabled) continue;
      input.checked = true;
      this.#choose(name);
      input.scrollIntoView({ block: 'nearest' });
      return true;
    }
    return false;
  }

  /** @param {string|null} name */
  #choose(name) {
    this.chosen = name;
    this.changed();
  }

  /** @param {Image} image */
  #row(image) {
    const { name, usable, kind, folder } = image;
    const input = h('input', {
      type: 'radio', name: this.#group, value: name, disabled: !usable, checked: name === this.chosen, onchange: () => this.#choose(name),
    });
    return h(
      'label',
      { class: 'image', 'data-name': name.toLowerCase() },
      input,
      icon(folder ? 'folder' : kind === 'cdrom' ? 'disc' : 'stick'),
      h('span', { class: 'image-name' }, name),
      h('span', { class: 'small dim' }, imageWords(image)),
    );
  }

  #filter() {
    const wanted = this.#search.hidden ? '' : this.#search.value.trim().toLowerCase();
    for (const row of this.#list.querySelectorAll('label')) row.hidden = !row.dataset.name?.includes(wanted);
  }
}
