/* What is saved but does not count yet, and what could not be used: with a way to begin the gateway's process anew. */

import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { listWords } from '../parts/words.js';
import { CONFIG_CHANGED } from './config_store.js';
import { keyLabel } from './key_words.js';
import { restartGateway } from './restart_gateway.js';

export class WaitingBar {
  #words = h('p', {});
  #ignored = h('p', {});
  #button = h('button', { type: 'button', class: 'button small', onclick: () => void restartGateway(this.#button, () => this.store.load()) }, t('settings.restart-now'));
  element = h('section', { class: 'waiting', hidden: true, 'aria-label': t('settings.waiting') }, h('div', {}, this.#words, this.#ignored), this.#button);

  /** @param {import('./config_store.js').ConfigStore} store */
  constructor(store) {
    this.store = store;
    store.addEventListener(CONFIG_CHANGED, () => this.#show());
  }

  #show() {
    const { waiting, ignored } = this.store.config;
    const of = (/** @type {string} */ applies) => waiting.filter((one) => one.applies === applies).map(({ key }) => keyLabel(key));
    const said = /** @type {const} */ (['gateway', 'restart', 'machine']).filter((applies) => of(applies).length).map((applies) => t(`settings.waiting.${applies}`, { keys: listWords(of(applies)) }));
    setText(this.#words, said.join(' '));
    setText(this.#ignored, ignored.map(({ section, key, message }) => t('settings.ignored', { section, key, message })).join(' '));
    this.#button.hidden = !of('gateway').length;
    this.element.hidden = !said.length && !ignored.length;
  }
}
