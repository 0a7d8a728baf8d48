/* Changes one's own password. */

import { account } from './account_api.js';
import { ApiError, sentence } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { identity } from '../app/identity.js';
import { passwordRules, rulesList } from '../parts/password_rules.js';
import { t } from '../parts/messages.js';

export class PasswordTab {
  #now = field({ label: t('account.password.now'), name: 'password', type: 'password', autocomplete: 'current-password' });
  #wanted = field({ label: t('account.password.new'), name: 'new-password', type: 'password', autocomplete: 'new-password' });
  #again = field({ label: t('account.password.again'), name: 'again', type: 'password', autocomplete: 'new-password' });
  #rules = h('ul', { class: 'rules', 'aria-label': t('app.password-rules') });
  #message = h('p', { class: 'message', role: 'status' });
  #button = h('button', { class: 'button primary' }, t('account.password.change'));

  #form = h(
    'form',
    { class: 'way', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#submit(event) },
    // so that a password manager knows whose it is
    h('input', { type: 'text', name: 'username', autocomplete: 'username', value: identity.session?.user ?? '', hidden: true }),
    this.#now.element,
    this.#wanted.element,
    this.#rules,
    this.#again.element,
    this.#message,
    h('div', { class: 'way-foot' }, h('p', { class: 'small dim' }, t('account.password.others-end')), this.#button),
  );
  element = h('div', {}, this.#form);

  constructor() {
    this.#form.addEventListener('input', () => this.show());
  }

  show() {
    this.#rules.replaceChildren(...rulesList(this.#rulesNow()));
  }

  #rulesNow() {
    return passwordRules(this.#wanted.input.value, identity.session?.user ?? '');
  }

  #check() {
    const broken = this.#rulesNow().find(({ met }) => !met);
    /** @type {[ReturnType<typeof field>, string][]} */
    const faults = [];
    if (!this.#now.input.value) faults.push([this.#now, t('account.password.enter')]);
    if (broken) faults.push([this.#wanted, t('words.password-needs', { rule: broken.text })]);
    else if (this.#again.input.value !== this.#wanted.input.value) faults.push([this.#again, t('app.passwords-differ')]);
    for (const [which, text] of faults) which.setError(text);
    faults[0]?.[0].input.focus();
    return faults.length === 0;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    this.#say('', '');
    if (!this.#check()) return;
    this.#button.setAttribute('aria-busy', 'true');
    try {
      await account.setPassword(this.#now.input.value, this.#wanted.input.value);
      for (const { input } of [this.#now, this.#wanted, this.#again]) input.value = '';
      this.show();
      this.#say(t('account.password.changed'), 'ok');
    } catch (error) {
      this.#refused(error);
    }
    this.#button.removeAttribute('aria-busy');
  }

  /** @param {unknown} error */
  #refused(error) {
    const code = error instanceof ApiError ? error.code : '';
    const which = code === 'bad-password' ? this.#now : code === 'weak-password' ? this.#wanted : null;
    if (!which) return this.#say(sentence(error), 'danger');
    which.setError(sentence(error));
    which.input.focus();
  }

  /** @param {string} text @param {'ok'|'danger'|''} tone */
  #say(text, tone) {
    setText(this.#message, text);
    this.#message.dataset.tone = tone;
  }
}
