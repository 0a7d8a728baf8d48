/* Login; afterwards back to the place that asked for it. */

import { api, sentence } from './api.js';
import { wordmark } from './brand.js';
import { h, setText } from './dom.js';
import { field } from './field.js';
import { identity } from './identity.js';
import { go } from './router.js';

/** @typedef {import('./router.js').Place} Place */

export class LoginView extends HTMLElement {
  /** @type {Place} where to go afterwards */
  next = { view: 'list' };
  /** Why the login is asked for, when it is not the first. */
  why = '';

  user = field({ label: 'User name', name: 'username', autocomplete: 'username' });
  password = field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'current-password' });
  message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  button = h('button', { class: 'button primary wide' }, 'Log in');

  connectedCallback() {
    document.title = 'Log in – lightsout';
    const form = h(
      'form',
      { class: 'panel', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.user.element,
      this.password.element,
      this.message,
      this.button,
    );
    const head = h('div', { class: 'head' }, wordmark(), h('h1', {}, 'Log in'), this.why && h('p', { class: 'lead' }, this.why));
    this.replaceChildren(h('div', { class: 'gate' }, h('div', { class: 'gate-card' }, head, form)));
    this.user.input.focus();
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.message, '');
    const [user, password] = [this.user.input.value.trim(), this.password.input.value];
    if (!user) this.user.setError('Enter your user name.');
    if (!password) this.password.setError('Enter your password.');
    if (!user || !password) return (user ? this.password : this.user).input.focus();
    this.button.setAttribute('aria-busy', 'true');
    try {
      identity.set(await api.login({ user, password }));
      go(this.next);
    } catch (error) {
      setText(this.message, sentence(error));
      this.password.input.select();
      this.password.input.focus();
    } finally {
      this.button.removeAttribute('aria-busy');
    }
  }
}

customElements.define('login-view', LoginView);
