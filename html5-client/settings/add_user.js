/* The form for a new user: name, role, and a password, made here or chosen. */

import { api, ApiError, sentence } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { passwordRules, rulesList, userNameFault } from '../parts/password_rules.js';
import { shownOnce } from '../parts/shown_once.js';
import { oneTimePassword } from './one_time_password.js';
import { RoleChoice } from './role_choice.js';
import { check } from './section_parts.js';
import { settingsApi } from './settings_api.js';

export class AddUser {
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #name = field({ label: t('app.user-name'), name: 'new-user' });
  #make = check(t('settings.users.make-password'), true, () => this.#show());
  #password = field({ label: t('app.password'), name: 'new-user-password', type: 'password', autocomplete: 'new-password' });
  #rules = h('ul', { class: 'rules', 'aria-label': t('app.password-rules') });
  #certificate = field({ label: t('settings.users.certificate'), name: 'new-user-certificate', hint: t('settings.users.certificate-hint'), mono: true });
  #button = h('button', { class: 'button primary' }, t('settings.users.add'));
  #role;
  #usual;
  #form;
  #saved = false;
  element = h('div', {});

  /** @param {(name: string) => void} added @param {() => void} cancelled */
  static async create(added, cancelled) {
    const targets = (await api.targets()).map(({ name }) => name);
    return new AddUser(targets, added, cancelled);
  }

  /** @param {string[]} targets @param {(name: string) => void} added @param {() => void} cancelled */
  constructor(targets, added, cancelled) {
    this.added = added;
    this.#role = new RoleChoice(targets, 'Operator', []);
    this.#usual = JSON.stringify(this.#role.wanted);
    this.#certificate.input.required = false;
    const cancel = h('button', { type: 'button', class: 'button', onclick: cancelled }, t('words.cancel'));
    this.#form = h(
      'form',
      { class: 'stack', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#submit(event) },
      h('div', { class: 'card stack' }, this.#name.element, this.#make.element, this.#password.element, this.#rules),
      h('div', { class: 'card' }, this.#role.element),
      h('details', { class: 'card' }, h('summary', {}, t('settings.users.by-certificate')), this.#certificate.element),
      this.#message,
      h('div', { class: 'section-foot' }, cancel, this.#button),
    );
    this.#form.addEventListener('input', () => this.#show());
    this.element.append(this.#form);
    this.#show();
  }

  get unsaved() {
    const written = [this.#name, this.#password, this.#certificate].some(({ input }) => input.value.trim() !== '');
    return !this.#saved && (written || JSON.stringify(this.#role.wanted) !== this.#usual);
  }

  #show() {
    const own = !this.#make.input.checked;
    this.#password.element.hidden = this.#rules.hidden = !own;
    this.#rules.replaceChildren(...rulesList(this.#broken));
  }

  get #broken() {
    return passwordRules(this.#password.input.value, this.#name.input.value);
  }

  /** @returns {boolean} */
  #check() {
    const name = this.#name.input.value.trim();
    const broken = this.#make.input.checked ? undefined : this.#broken.find(({ met }) => !met);
    const wrong = userNameFault(name);
    this.#name.setError(wrong);
    this.#password.setError(broken ? t('words.password-needs', { rule: broken.text }) : '');
    if (wrong) this.#name.input.focus();
    else if (broken) this.#password.input.focus();
    return !wrong && !broken;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.#message, '');
    if (!this.#check()) return;
    const name = this.#name.input.value.trim();
    const made = this.#make.input.checked ? oneTimePassword() : '';
    const certificate = this.#certificate.input.value.trim();
    this.#button.setAttribute('aria-busy', 'true');
    try {
      await settingsApi.addUser({ name, password: made || this.#password.input.value, ...this.#role.wanted, ...(certificate ? { certificate } : {}) });
      this.#saved = true;
      notice(t('settings.users.added', { name }));
      if (made) this.#tell(name, made);
      else this.added(name);
    } catch (error) {
      this.#refused(error);
    }
    this.#button.removeAttribute('aria-busy');
  }

  /** @param {string} name @param {string} password */
  #tell(name, password) {
    const shown = shownOnce({ text: password, label: t('settings.users.password-of', { name }), words: t('settings.users.tell', { name }), done: () => this.added(name) });
    this.element.replaceChildren(h('div', { class: 'card' }, shown.element));
    shown.focus();
  }

  /** @param {unknown} error */
  #refused(error) {
    const code = error instanceof ApiError ? error.code : '';
    const which = code === 'user-exists' ? this.#name : code === 'weak-password' ? this.#password : null;
    if (!which) return setText(this.#message, sentence(error));
    which.setError(sentence(error));
    which.input.focus();
  }
}
