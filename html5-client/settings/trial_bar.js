/* A change on trial: how long it is until it is undone, and the ways to keep it or to undo it now. The gateway knows of it, so
 * it is there again after a reload, and on the new address. */

import { ApiError, sentence } from '../api.js';
import { base } from '../base.js';
import { h, setText } from '../parts/dom.js';
import { hasMessage, t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { spanWords } from '../parts/words.js';
import { pageAddress } from './key_rules.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_api.js').Pending} Pending */

const TICK_MS = 1000;
/** The gateway ends connections from before the change with their next answer; a browser keeps half a dozen. */
const CONNECTIONS = 10;
/** Of a trial, when the gateway does not say. */
const WHOLE_S = 300;

export class TrialBar {
  #words = h('p', {});
  #left = h('span', { class: 'trial-left' });
  #elsewhere = h('a', { hidden: true });
  #bar = h('progress', { max: WHOLE_S, 'aria-label': t('settings.trial.left') });
  #message = h('p', { class: 'error', role: 'alert' });
  #confirm = h('button', { type: 'button', class: 'button primary', onclick: () => void this.#keep() }, t('settings.trial.confirm'));
  #revert = h('button', { type: 'button', class: 'button', onclick: () => void this.#undo() }, t('settings.trial.revert'));
  element = h(
    'section',
    { class: 'trial', 'data-tone': 'warn', hidden: true, 'aria-label': t('settings.trial') },
    h('div', { class: 'trial-words' }, this.#words, h('p', {}, this.#elsewhere), this.#left, this.#message),
    h('div', { class: 'trial-buttons' }, this.#revert, this.#confirm),
    this.#bar,
  );
  #endsAt = 0;
  #shown = false;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;

  /** @param {import('./config_store.js').ConfigStore} store @param {() => void} changed it was kept or undone */
  constructor(store, changed) {
    this.store = store;
    this.changed = changed;
  }

  close() {
    clearInterval(this.#timer);
  }

  async refresh() {
    try {
      this.show(await settingsApi.pending());
    } catch {
      // Who may not know of it needs no bar; a gateway that is away is told by whatever else is asked.
    }
  }

  /** @param {Pending|null} pending */
  show(pending) {
    clearInterval(this.#timer);
    this.element.hidden = !pending;
    if (!pending) {
      this.#shown = false;
      return;
    }
    if (!this.#shown) setText(this.#message, '');
    this.#shown = true;
    const kind = hasMessage(`settings.trial.kind.${pending.kind}`) ? t(`settings.trial.kind.${pending.kind}`) : pending.kind;
    setText(this.#words, t('settings.trial.words', { what: kind, who: pending.who }));
    this.#showElsewhere();
    this.#endsAt = performance.now() + pending.seconds_left * 1000;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** The page may be at another address now: it is confirmed there. */
  #showElsewhere() {
    const address = pageAddress(this.store.config, location);
    const moved = address !== null && address !== new URL(`${base}/`, location.origin).href;
    this.#elsewhere.hidden = !moved;
    if (!moved) return;
    this.#elsewhere.href = `${address}${location.hash}`;
    setText(this.#elsewhere, t('settings.trial.elsewhere', { address }));
  }

  #tick() {
    const seconds = Math.max(0, Math.round((this.#endsAt - performance.now()) / 1000));
    setText(this.#left, t('settings.trial.seconds', { time: seconds < 90 ? t('words.seconds', { count: seconds }) : spanWords(seconds) }));
    this.#bar.value = seconds;
    if (seconds > 0) return;
    clearInterval(this.#timer);
    notice(t('settings.trial.over'));
    this.#ended();
  }

  #ended() {
    this.show(null);
    this.changed();
    setTimeout(() => void this.refresh(), TICK_MS);
  }

  async #keep() {
    this.#confirm.setAttribute('aria-busy', 'true');
    setText(this.#message, '');
    try {
      await this.#confirmAnew();
      notice(t('settings.trial.kept'));
      this.#ended();
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#confirm.removeAttribute('aria-busy');
  }

  /** Until it went over a connection that is newer than the change. */
  async #confirmAnew() {
    for (let left = CONNECTIONS; ; left--) {
      try {
        return await settingsApi.confirm();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'old-connection' || !left) throw error;
      }
    }
  }

  async #undo() {
    this.#revert.setAttribute('aria-busy', 'true');
    try {
      await settingsApi.revert();
      notice(t('settings.trial.undone'));
      this.#ended();
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#revert.removeAttribute('aria-busy');
  }
}
