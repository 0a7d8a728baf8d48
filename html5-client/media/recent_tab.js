/* What this browser's user inserted lately. */

import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { identity } from '../app/identity.js';
import { forgetMedia, recentMedia } from './recent_media.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./recent_media.js').Recent} Recent */

/** @type {Record<Recent['sort'], {glyph: string, words: string}>} */
const SORTS = {
  image: { glyph: 'disc', words: 'media.from.library' },
  file: { glyph: 'file', words: 'media.from.file' },
  url: { glyph: 'plug', words: 'media.from.address' },
};

export class RecentTab {
  #list = h('ul', { class: 'recent' });
  #clear = h('button', { type: 'button', class: 'button small quiet', onclick: () => this.#forget() }, t('media.recent-forget'));
  element = h('div', { class: 'way' }, this.#list, this.#clear);

  /** @param {(recent: Recent) => void} choose */
  constructor(choose) {
    this.choose = choose;
  }

  show() {
    const list = recentMedia(identity.session?.user ?? '');
    this.#clear.hidden = !list.length;
    this.#list.replaceChildren(...list.map((recent) => this.#row(recent)));
    if (!list.length) this.#list.append(h('li', { class: 'small dim' }, t('media.recent-none')));
  }

  /** @param {Recent} recent */
  #row(recent) {
    const { glyph, words } = SORTS[recent.sort];
    const text = h('span', { class: 'recent-words' }, h('span', { class: 'recent-name' }, recent.name), h('span', { class: 'small dim' }, t(words)));
    return h('li', {}, h('button', { type: 'button', class: 'recent-row', onclick: () => this.choose(recent) }, icon(glyph), text));
  }

  #forget() {
    forgetMedia(identity.session?.user ?? '');
    this.show();
  }
}
