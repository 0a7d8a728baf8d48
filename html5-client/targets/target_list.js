/* All targets this user may see, kept up to date while the page is visible. */

import { api, sentence } from '../api.js';
import { wordmark } from '../app/brand.js';
import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { TargetCard } from './target_card.js';
import { userMenu } from '../app/user_menu.js';
import { t } from '../parts/messages.js';

const PAUSE_MS = 2000;

class TargetList extends HTMLElement {
  /** @type {Map<string, TargetCard>} */
  #cards = new Map();
  #grid = h('div', { class: 'cards' });
  #count = h('span', { class: 'dim' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #wake = () => this.#load();

  connectedCallback() {
    document.title = t('targets.page-title');
    this.replaceChildren(
      h('header', { class: 'page-head' }, wordmark(), userMenu()),
      h(
        'div',
        { class: 'page-body' },
        h('div', { class: 'page-title' }, h('h1', { tabindex: -1 }, t('targets.title')), this.#count),
        this.#message,
        this.#grid,
      ),
    );
    document.addEventListener('visibilitychange', this.#wake);
    this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#wake);
  }

  async #load() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    try {
      this.#show(await api.targets());
      setText(this.#message, '');
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    if (this.isConnected) this.#timer = setTimeout(() => this.#load(), PAUSE_MS);
  }

  /** @param {import('../api.js').Target[]} targets */
  #show(targets) {
    setText(this.#count, t('targets.machines', { count: targets.length }));
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, card] of this.#cards) {
      if (names.has(name)) continue;
      card.remove();
      this.#cards.delete(name);
    }
    for (const target of targets) this.#card(target.name).show(target);
    if (!targets.length && !this.#grid.querySelector('.empty')) this.#grid.append(nothing());
    else if (targets.length) this.#grid.querySelector('.empty')?.remove();
  }

  /** @param {string} name */
  #card(name) {
    let card = this.#cards.get(name);
    if (!card) {
      card = new TargetCard();
      this.#cards.set(name, card);
      this.#grid.append(card);
    }
    return card;
  }
}

const nothing = () =>
  h(
    'div',
    { class: 'empty dim' },
    icon('screen'),
    h('h2', {}, t('targets.none')),
    h('p', {}, t('targets.none.words')),
  );

customElements.define('target-list', TargetList);
