/* Login: by password, then by a code where the account has a second factor; or by a client certificate. Afterwards back
 * to the place that asked for it. */

import { api, ApiError, sentence } from '../api.js';
import { wordmark } from './brand.js';
import { codeField, codeOf } from '../parts/code_field.js';
import { h, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { identity } from './identity.js';
import { go } from '../router.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../router.js').Place} Place */

export class LoginView extends HTMLElement {
  /** @type {Place} where to go afterwards */
  next = { view: 'list' };
  /** Why the login is asked for, when it is not the first. */
  why = '';

  user = field({ label: t('app.user-name'), name: 'username', autocomplete: 'username' });
  password = field({ label: t('app.password'), name: 'password', type: 'password', autocomplete: 'current-password' });
  code = codeField(t('app.code'), t('app.code-hint'));
  message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  button = h('button', { class: 'button primary wide' }, t('app.log-in'));
  back = h('button', { type: 'button', class: 'button quiet wide', onclick: () => this.#step(false) }, t('app.another-account'));
  certificate = h('button', { type: 'button', class: 'button wide', hidden: true, onclick: () => void this.#byCertificate() }, t('app.by-certificate'));
  #first = h('div', { class: 'login-step' }, this.user.element, this.password.element);
  #second = h('div', { class: 'login-step' }, this.code.element);
  /** The password was right; what is missing is the code. */
  #wantsCode = false;

  connectedCallback() {
    document.title = t('app.log-in.title');
    const form = h(
      'form',
      { class: 'panel', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#first,
      this.#second,
      this.message,
      this.button,
      this.back,
      this.certificate,
    );
    const why = navigator.cookieEnabled ? this.why : t('app.no-cookies');
    const head = h('div', { class: 'head' }, wordmark(), h('h1', {}, t('app.log-in')), why && h('p', { class: 'lead' }, why));
    this.replaceChildren(h('div', { class: 'gate' }, h('div', { class: 'gate-card' }, head, form)));
    this.#step(false);
    void this.#offerCertificate();
  }

  /** @param {boolean} code */
  #step(code) {
    this.#wantsCode = code;
    this.#first.hidden = code;
    this.#second.hidden = this.back.hidden = !code;
    if (!code) this.password.input.value = '';
    this.code.input.value = '';
    setText(this.message, '');
    (code ? this.code : this.user).input.focus();
  }

  async #offerCertificate() {
    try {
      this.certificate.hidden = !(await api.version()).certificate;
    } catch {
      // Then there is the password.
    }
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.message, '');
    const [user, password] = [this.user.input.value.trim(), this.password.input.value];
    if (this.#wantsCode) return this.#logIn(user, password, codeOf(this.code.input.value));
    if (!user) this.user.setError(t('app.enter-user'));
    if (!password) this.password.setError(t('app.enter-password'));
    if (!user || !password) return (user ? this.password : this.user).input.focus();
    await this.#logIn(user, password, '');
  }

  /** @param {string} user @param {string} password @param {string} code */
  async #logIn(user, password, code) {
    if (this.#wantsCode && !code) {
      this.code.setError(t('app.enter-code'));
      return this.code.input.focus();
    }
    await this.#try({ user, password, ...(code ? { code } : {}) });
  }

  #byCertificate() {
    return this.#try({ certificate: true });
  }

  /** @param {Parameters<typeof api.login>[0]} proof */
  async #try(proof) {
    const button = 'certificate' in proof ? this.certificate : this.button;
    button.setAttribute('aria-busy', 'true');
    try {
      identity.set(await api.login(proof));
      go(this.next);
    } catch (error) {
      this.#refused(error, proof);
    } finally {
      button.removeAttribute('aria-busy');
    }
  }

  /** @param {unknown} error @param {Parameters<typeof api.login>[0]} proof */
  #refused(error, proof) {
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'code-required' && !this.#wantsCode) return this.#step(true);
    const wrong = this.#wantsCode && !('certificate' in proof) && (code === 'bad-login' || code === 'code-required');
    setText(this.message, wrong ? t('app.wrong-code') : sentence(error));
    const input = this.#wantsCode ? this.code.input : this.password.input;
    input.select();
    input.focus();
  }
}

customElements.define('login-view', LoginView);
