/* Which role a user has, and for Custom the rights one by one. */

import { roleWords } from '../app/session_words.js';
import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { GrantsEditor } from './grants_editor.js';
import { choice } from './section_parts.js';

/** @typedef {import('../api.js').Grant} Grant */

const ROLES = ['Administrator', 'Operator', 'ReadOnly', 'Custom'];

export class RoleChoice {
  #hint = h('p', { class: 'hint' });
  #editor;
  #role;
  element;

  /** @param {string[]} targets @param {string} role @param {Grant[]} grants @param {() => void} [changed] */
  constructor(targets, role, grants, changed = () => {}) {
    this.#editor = new GrantsEditor(targets, grants, changed);
    this.#role = choice(t('settings.users.role'), ROLES.map((value) => ({ value, words: roleWords(value) })), role, '', () => (this.#show(), changed()));
    this.element = h('div', { class: 'stack' }, this.#role.element, this.#hint, this.#editor.element);
    this.#show();
  }

  #show() {
    const role = this.#role.select.value;
    this.#hint.textContent = t(`settings.role.${role}`);
    this.#editor.element.hidden = role !== 'Custom';
  }

  /** For the gateway. @returns {{role: string}|{grants: Grant[]}} */
  get wanted() {
    return this.#role.select.value === 'Custom' ? { grants: this.#editor.grants } : { role: this.#role.select.value };
  }
}
