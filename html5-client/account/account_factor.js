/* The second factor: set up with a telephone, confirmed by a code, with recovery codes that are shown once; taken away
 * with the password. */

import { account } from './account_api.js';
import { ApiError, sentence } from '../api.js';
import { codeField, codeOf } from '../parts/code_field.js';
import { h, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { identity } from '../app/identity.js';
import { qrImage } from './qr_image.js';
import { shownOnce } from '../parts/shown_once.js';

/** In groups of four, as it is typed into a telephone. @param {string} secret */
const grouped = (secret) => secret.replace(/(.{4})(?=.)/g, '$1 ');

export class FactorTab {
  #on;
  element = h('div', { class: 'way' });

  /** @param {boolean} on */
  constructor(on) {
    this.#on = on;
    this.#begin('');
  }

  show() {}

  /** @param {string} said what has just happened */
  #begin(said) {
    const done = h('p', { class: 'message', 'data-tone': 'ok', role: 'status' }, said);
    this.element.replaceChildren(done, ...(this.#on ? this.#removal() : this.#offer()));
  }

  #offer() {
    const error = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
    const button = h('button', { type: 'button', class: 'button primary', onclick: () => void start() }, 'Set up');
    const start = async () => {
      button.setAttribute('aria-busy', 'true');
      try {
        this.#enrol(await account.beginFactor());
      } catch (reason) {
        setText(error, sentence(reason));
      }
      button.removeAttribute('aria-busy');
    };
    const words = 'With a second factor a login also asks for a code of six digits, which an authenticator app on your telephone shows. A password that somebody else learns is then not enough.';
    return [h('p', {}, words), error, h('div', { class: 'way-foot' }, button)];
  }

  /** @param {{secret: string, uri: string}} offer */
  #enrol({ secret, uri }) {
    const code = codeField('Code that the app shows now', 'Six digits.');
    const button = h('button', { class: 'button primary' }, 'Confirm');
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => this.#begin('') }, 'Cancel');
    const form = h(
      'form',
      { class: 'way', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#confirm(event, code, button) },
      h('p', {}, 'Scan this with an authenticator app, or type the secret into it. It counts from the confirmation on.'),
      h('div', { class: 'enrol' }, qrImage(uri, 'QR code of the secret'), h('div', { class: 'enrol-secret' }, h('span', { class: 'small dim' }, 'Secret'), h('code', { class: 'mono' }, grouped(secret)))),
      code.element,
      h('div', { class: 'way-foot' }, cancel, button),
    );
    this.element.replaceChildren(form);
    code.input.focus();
  }

  /** @param {Event} event @param {ReturnType<typeof field>} code @param {HTMLElement} button */
  async #confirm(event, code, button) {
    event.preventDefault();
    const typed = codeOf(code.input.value);
    if (!typed) {
      code.setError('Enter the six digits that the app shows.');
      return code.input.focus();
    }
    button.setAttribute('aria-busy', 'true');
    try {
      this.#recovery((await account.confirmFactor(typed)).recovery);
    } catch (error) {
      code.setError(sentence(error));
      code.input.select();
    }
    button.removeAttribute('aria-busy');
  }

  /** @param {string[]} codes */
  #recovery(codes) {
    this.#on = true;
    const shown = shownOnce({
      text: codes.join('\n'),
      label: 'Recovery codes',
      words: 'Your second factor is on. Keep these recovery codes where your telephone is not: each opens your account once in its place, and they are shown only now.',
      print: `Recovery codes of ${identity.session?.user ?? ''} on ${location.host}`,
      done: () => this.#begin('Logins ask for a code from now on.'),
    });
    this.element.replaceChildren(shown.element);
    shown.focus();
  }

  #removal() {
    const password = field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'current-password' });
    const error = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
    const button = h('button', { class: 'button danger' }, 'Remove the second factor');
    const remove = async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (!password.input.value) {
        password.setError('Enter your password.');
        return password.input.focus();
      }
      button.setAttribute('aria-busy', 'true');
      try {
        await account.removeFactor(password.input.value);
        this.#on = false;
        this.#begin('The second factor is removed.');
      } catch (reason) {
        if (reason instanceof ApiError && reason.code === 'bad-password') password.setError(reason.message);
        else setText(error, sentence(reason));
      }
      button.removeAttribute('aria-busy');
    };
    const form = h('form', { class: 'way', novalidate: true, onsubmit: remove }, password.element, error, h('div', { class: 'way-foot' }, button));
    return [h('p', {}, 'Logins to this account ask for a code. To change to another telephone, remove it here and set it up anew.'), form];
  }
}
