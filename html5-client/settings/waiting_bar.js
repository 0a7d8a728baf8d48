/* What is saved but does not count yet, and what could not be used: with a way to begin the gateway's process anew. */

import { sentence } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { listWords } from '../parts/words.js';
import { CONFIG_CHANGED } from './config_store.js';
import { keyLabel } from './key_words.js';
import { settingsApi } from './settings_api.js';

const AGAIN_MS = 500;
const TRIES = 40;

export class WaitingBar {
  #words = h('p', {});
  #ignored = h('p', {});
  #button = h('button', { type: 'button', class: 'button small', onclick: () => void this.#restart() }, t('settings.restart-now'));
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

  async #restart() {
    this.#button.setAttribute('aria-busy', 'true');
    try {
      await settingsApi.restart();
      await this.#back();
      notice(t('settings.restarted'));
    } catch (error) {
      notice(sentence(error), 'danger');
    }
    this.#button.removeAttribute('aria-busy');
  }

  /** Until it answers again. */
  async #back() {
    for (let tries = TRIES; ; tries--) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      try {
        await this.store.load();
        if (!this.store.config.waiting.some(({ applies }) => applies === 'gateway') || !tries) return;
      } catch (error) {
        if (!tries) throw error;
      }
    }
  }
}
