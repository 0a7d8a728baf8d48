/* The library as a list to choose one image from; those that cannot be used stay in sight with the reason. */

import { h, newId } from './dom.js';
import { icon } from './icons.js';
import { sizeWords } from './words.js';

/** @typedef {import('./media_api.js').Image} Image */

/** More than this many: a search field helps. */
const SEARCH_FROM = 7;

export class ImagePicker {
  #group = newId('image');
  #list = h('div', { class: 'images', role: 'radiogroup', 'aria-label': 'Images of the library' });
  #search = h('input', { class: 'input', type: 'search', placeholder: 'Search the library', 'aria-label': 'Search the library', hidden: true });
  element = h('div', { class: 'picker' }, h('h3', {}, 'Library'), this.#search, this.#list);
  /** @type {string|null} */
  chosen = null;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.#search.addEventListener('input', () => this.#filter());
    this.#list.append(h('p', { class: 'small dim' }, 'Reading the library …'));
  }

  /** @param {Image[]} images */
  show(images) {
    this.#search.hidden = images.length < SEARCH_FROM;
    this.#list.replaceChildren(...images.map((image) => this.#row(image)));
    if (!images.length)
      this.#list.append(h('p', { class: 'small dim' }, 'The library is empty: put ISO or disk images into its folder on the gateway.'));
  }

  /** @param {Image} image */
  #row({ name, size, kind, usable, why }) {
    const input = h('input', {
      type: 'radio',
      name: this.#group,
      value: name,
      disabled: !usable,
      onchange: () => {
        this.chosen = name;
        this.changed();
      },
    });
    return h(
      'label',
      { class: 'image', 'data-name': name.toLowerCase() },
      input,
      icon(kind === 'cdrom' ? 'disc' : 'stick'),
      h('span', { class: 'image-name' }, name),
      h('span', { class: 'small dim' }, usable ? sizeWords(size) : `Not usable: ${why}`),
    );
  }

  #filter() {
    const wanted = this.#search.value.trim().toLowerCase();
    for (const row of this.#list.querySelectorAll('label')) row.hidden = !row.dataset.name?.includes(wanted);
  }
}
