/* First use: the secret from the terminal and the first administrator. */

import { api, ApiError, sentence } from '../api.js';
import { wordmark } from './brand.js';
import { h, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { identity } from './identity.js';
import { passwordRules, rulesList, userNameFault } from '../parts/password_rules.js';
import { go } from '../router.js';
import { t } from '../parts/messages.js';

class SetupView extends HTMLElement {
  secret = field({
    label: t('app.setup.secret'),
    name: 'secret',
    mono: true,
    hint: t('app.setup.secret-hint'),
  });
  user = field({ label: t('app.user-name'), name: 'username', autocomplete: 'username' });
  password = field({ label: t('app.password'), name: 'password', type: 'password', autocomplete: 'new-password' });
  again = field({ label: t('app.password-again'), name: 'again', type: 'password', autocomplete: 'new-password' });
  rules = h('ul', { class: 'rules', 'aria-label': t('app.password-rules') });
  message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  button = h('button', { class: 'button primary wide' }, t('app.setup.create'));

  connectedCallback() {
    document.title = t('app.setup.title');
    const form = h(
      'form',
      { class: 'panel', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.secret.element,
      this.user.element,
      this.password.element,
      this.rules,
      this.again.element,
      this.message,
      this.button,
    );
    form.addEventListener('input', () => this.#showRules());
    const head = h(
      'div',
      { class: 'head' },
      wordmark(),
      h('h1', {}, t('app.setup.heading')),
      h('p', { class: 'lead' }, t('app.setup.lead')),
    );
    this.replaceChildren(h('div', { class: 'gate' }, h('div', { class: 'gate-card' }, head, form)));
    this.#showRules();
    this.secret.input.focus();
  }

  #rulesNow() {
    return passwordRules(this.password.input.value, this.user.input.value);
  }

  #showRules() {
    this.rules.replaceChildren(...rulesList(this.#rulesNow()));
  }

  /** @returns {boolean} */
  #check() {
    const { secret, user, password, again } = this;
    /** @type {[ReturnType<typeof field>, string][]} */
    const faults = [];
    if (!secret.input.value.trim()) faults.push([secret, t('app.setup.enter-secret')]);
    const named = userNameFault(user.input.value.trim());
    if (named) faults.push([user, named]);
    const broken = this.#rulesNow().find(({ met }) => !met);
    if (broken) faults.push([password, t('words.password-needs', { rule: broken.text })]);
    else if (again.input.value !== password.input.value) faults.push([again, t('app.passwords-differ')]);
    for (const [which, text] of faults) which.setError(text);
    faults[0]?.[0].input.focus();
    return faults.length === 0;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.message, '');
    if (!this.#check()) return;
    this.button.setAttribute('aria-busy', 'true');
    try {
      identity.set(
        await api.setup({
          secret: this.secret.input.value.trim(),
          user: this.user.input.value.trim(),
          password: this.password.input.value,
        }),
      );
      go({ view: 'list' });
    } catch (error) {
      this.#refused(error);
    } finally {
      this.button.removeAttribute('aria-busy');
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'already-set-up') return go({ view: 'login' });
    const which = code === 'bad-secret' ? this.secret : code === 'weak-password' ? this.password : null;
    if (!which) return setText(this.message, sentence(error));
    which.setError(sentence(error));
    which.input.focus();
  }
}

customElements.define('setup-view', SetupView);
