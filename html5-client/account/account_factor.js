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
import { t } from '../parts/messages.js';

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
    const button = h('button', { type: 'button', class: 'button primary', onclick: () => void start() }, t('account.set-up'));
    const start = async () => {
      button.setAttribute('aria-busy', 'true');
      try {
        this.#enrol(await account.beginFactor());
      } catch (reason) {
        setText(error, sentence(reason));
      }
      button.removeAttribute('aria-busy');
    };
    return [h('p', {}, t('account.factor.words')), error, h('div', { class: 'way-foot' }, button)];
  }

  /** @param {{secret: string, uri: string}} offer */
  #enrol({ secret, uri }) {
    const code = codeField(t('account.factor.code'), t('account.factor.code-hint'));
    const button = h('button', { class: 'button primary' }, t('account.factor.confirm'));
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => this.#begin('') }, t('words.cancel'));
    const form = h(
      'form',
      { class: 'way', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#confirm(event, code, button) },
      h('p', {}, t('account.factor.scan')),
      h('div', { class: 'enrol' }, qrImage(uri, t('account.factor.qr')), h('div', { class: 'enrol-secret' }, h('span', { class: 'small dim' }, t('account.factor.secret')), h('code', { class: 'mono' }, grouped(secret)))),
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
      code.setError(t('account.factor.enter-code'));
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
      label: t('account.factor.recovery'),
      words: t('account.factor.keep'),
      print: t('account.factor.print', { user: identity.session?.user ?? '', host: location.host }),
      done: () => this.#begin(t('account.factor.on')),
    });
    this.element.replaceChildren(shown.element);
    shown.focus();
  }

  #removal() {
    const password = field({ label: t('app.password'), name: 'password', type: 'password', autocomplete: 'current-password' });
    const error = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
    const button = h('button', { class: 'button danger' }, t('account.factor.remove'));
    const remove = async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (!password.input.value) {
        password.setError(t('app.enter-password'));
        return password.input.focus();
      }
      button.setAttribute('aria-busy', 'true');
      try {
        await account.removeFactor(password.input.value);
        this.#on = false;
        this.#begin(t('account.factor.removed'));
      } catch (reason) {
        if (reason instanceof ApiError && reason.code === 'bad-password') password.setError(reason.message);
        else setText(error, sentence(reason));
      }
      button.removeAttribute('aria-busy');
    };
    const form = h('form', { class: 'way', novalidate: true, onsubmit: remove }, password.element, error, h('div', { class: 'way-foot' }, button));
    return [h('p', {}, t('account.factor.removal')), form];
  }
}
