/* API tokens of this account: a list, a form for a new one, and the token itself, which is shown once. */

import { account } from './account_api.js';
import { ApiError, api, sentence } from '../api.js';
import { confirmDialog } from '../parts/dialog.js';
import { h, newId, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { identity } from '../app/identity.js';
import { scopeWords, timeWords } from '../app/session_words.js';
import { shownOnce } from '../parts/shown_once.js';
import { TokenScope } from './token_scope.js';
import { gatewayNow } from '../parts/gateway_clock.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./account_api.js').Token} Token */

const DAY = 86400;
const YEAR = 366;
const LIVES = [7, 30, 90, YEAR];
const USUAL_DAYS = 90;

export class TokensTab {
  #list = h('ul', { class: 'rows', 'aria-label': t('account.tokens') });
  #message = h('p', { class: 'message', role: 'status' });
  #new = h('button', { type: 'button', class: 'button primary', onclick: () => void this.#form() }, t('account.tokens.new'));
  #listed = h(
    'div',
    { class: 'way' },
    h('p', { class: 'small dim' }, t('account.tokens.words')),
    this.#message,
    this.#list,
    h('div', { class: 'way-foot' }, this.#new),
  );
  element = h('div', { class: 'way' }, this.#listed);

  show() {
    void this.#load();
  }

  async #load() {
    try {
      const tokens = await account.tokens();
      this.#list.replaceChildren(...(tokens.length ? tokens.map((token) => this.#row(token)) : [h('li', { class: 'row dim' }, t('account.tokens.none'))]));
    } catch (error) {
      this.#say(sentence(error), 'danger');
    }
  }

  /** @param {Token} token */
  #row({ id, name, created, expires, used, grants }) {
    const over = expires * 1000 < gatewayNow();
    const revoke = h('button', { type: 'button', class: 'button small', 'aria-label': t('account.tokens.revoke-named', { name }), onclick: () => void this.#revoke(id, name) }, t('account.tokens.revoke'));
    return h(
      'li',
      { class: 'row' },
      h(
        'div',
        { class: 'row-words' },
        h('span', { class: 'row-name' }, name),
        h('span', { class: 'small dim' }, scopeWords(grants)),
        h('span', { class: 'small dim' }, t(over ? 'account.tokens.line-over' : 'account.tokens.line', { created: timeWords(created), expires: timeWords(expires), used: timeWords(used) })),
      ),
      revoke,
    );
  }

  /** @param {string|number} id @param {string} name */
  async #revoke(id, name) {
    if (!(await confirmDialog({ title: t('account.tokens.revoke-title'), text: t('account.tokens.revoke-text', { name }), action: t('account.tokens.revoke') }))) return;
    try {
      await account.revokeToken(id);
      this.#say(t('account.tokens.revoked'), 'ok');
    } catch (error) {
      this.#say(sentence(error), 'danger');
    }
    await this.#load();
    this.#new.focus();
  }

  async #form() {
    this.#say('', 'ok');
    let targets;
    try {
      targets = (await api.targets()).map(({ name }) => name);
    } catch (error) {
      return this.#say(sentence(error), 'danger');
    }
    const name = field({ label: t('account.tokens.name'), name: 'token-name', hint: t('account.tokens.name-hint') });
    const life = h('select', { class: 'input', id: newId('life') }, ...LIVES.map((days) => h('option', { value: days, selected: days === USUAL_DAYS }, days === YEAR ? t('account.tokens.year') : t('account.tokens.days', { count: days }))));
    const scope = new TokenScope(targets, identity);
    const make = h('button', { class: 'button primary' }, t('account.tokens.make'));
    const error = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      setText(error, '');
      const wanted = { name: name.input.value.trim(), expires: Number(life.value) * DAY, ...scope.wanted };
      if (!wanted.name) {
        name.setError(t('account.tokens.give-name'));
        return name.input.focus();
      }
      if (scope.empty) return setText(error, t('account.tokens.choose'));
      make.setAttribute('aria-busy', 'true');
      try {
        this.#made(wanted.name, (await account.makeToken(wanted)).token);
      } catch (reason) {
        if (reason instanceof ApiError && reason.code === 'token-exists') name.setError(sentence(reason));
        else setText(error, sentence(reason));
      }
      make.removeAttribute('aria-busy');
    };
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => this.#back() }, t('words.cancel'));
    this.element.replaceChildren(
      h(
        'form',
        { class: 'way', novalidate: true, onsubmit: submit },
        name.element,
        h('div', { class: 'field' }, h('label', { for: life.id }, t('account.tokens.good-for')), life),
        scope.element,
        error,
        h('div', { class: 'way-foot' }, cancel, make),
      ),
    );
    name.input.focus();
  }

  /** @param {string} name @param {string} token */
  #made(name, token) {
    const shown = shownOnce({ text: token, label: t('account.tokens.label', { name }), words: t('account.tokens.copy-now'), done: () => this.#back() });
    this.element.replaceChildren(shown.element);
    shown.focus();
  }

  #back() {
    this.element.replaceChildren(this.#listed);
    void this.#load();
    this.#new.focus();
  }

  /** @param {string} text @param {'ok'|'danger'} tone */
  #say(text, tone) {
    setText(this.#message, text);
    this.#message.dataset.tone = tone;
  }
}
