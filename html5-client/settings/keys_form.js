/* Keys of one section as a form: groups of them, what is not saved yet, and what comes of saving: done, on trial, another
 * was faster (conflict_dialog.js), or something about a key is wrong. */

import { sentence } from '../api.js';
import { h, newId, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { CONFIG_CHANGED } from './config_store.js';
import { resolveConflict } from './conflict_dialog.js';
import { settingsApi } from './settings_api.js';
import { KeyField } from './key_field.js';
import { entriesOf, isEmptyPatch, sameValue } from './key_rules.js';
import { keyLabel, refusedWords } from './key_words.js';

/** @typedef {import('./config_store.js').ConfigStore} ConfigStore */
/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Patch} Patch */
/** @typedef {{name: string, keys: Key[]}} KeyGroup */

/** So often others may be faster. */
const TRIES = 5;

/** Asked for once by all fields of a form. @returns {() => Promise<import('./device_words.js').Devices>} */
export function deviceList() {
  /** @type {Promise<import('./device_words.js').Devices>|null} */
  let asked = null;
  return () => (asked ??= settingsApi.devices());
}

/** @param {KeyGroup} group @param {KeyField[]} fields @param {boolean} alone a heading above says it already */
function fieldGroup({ name }, fields, alone = false) {
  const [told, silent] = [fields.filter((field) => field.telling), fields.filter((field) => !field.telling)];
  const rest = h('details', { class: 'file-keys' }, h('summary', {}, t('settings.file-keys', { count: silent.length })), ...silent.map(({ element }) => element));
  return h(
    'fieldset',
    { class: 'card key-group' },
    h('legend', { class: alone ? 'for-readers' : '' }, t(`settings.group.${name}`)),
    ...told.map(({ element }) => element),
    silent.length > 0 && rest,
  );
}

export class KeysForm {
  #id = newId('keys');
  #fields;
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #count = h('span', { class: 'save-count', role: 'status' });
  #save = h('button', { class: 'button primary' }, t('settings.save'));
  #discard = h('button', { type: 'button', class: 'button', onclick: () => this.#discardAll() }, t('settings.discard'));
  #bar = h('div', { class: 'save-bar', hidden: true }, this.#count, this.#discard, this.#save);
  #saving = false;
  #listener = () => this.#gatewayMoved();
  element;

  /** @param {ConfigStore} store @param {string} section 'gateway' or 'target NAME' @param {KeyGroup[]} groups */
  constructor(store, section, groups) {
    this.store = store;
    this.section = section;
    const around = { file: store.file, changed: () => this.#tally(), devices: deviceList() };
    const entries = entriesOf(store.config, section);
    const made = groups.map((group) => ({ group, fields: group.keys.map((key) => new KeyField(key, entries[key.name], around)) }));
    this.#fields = made.flatMap(({ fields }) => fields);
    this.element = h(
      'form',
      { class: 'keys-form', id: this.#id, novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#submit(event) },
      ...made.map(({ group, fields }) => fieldGroup(group, fields)),
      this.#message,
      this.#bar,
    );
    store.addEventListener(CONFIG_CHANGED, this.#listener);
  }

  close() {
    this.store.removeEventListener(CONFIG_CHANGED, this.#listener);
  }

  get #dirty() {
    return this.#fields.filter((field) => field.dirty);
  }

  get unsaved() {
    return this.#dirty.length > 0;
  }

  /** @param {string} name */
  field(name) {
    return this.#fields.find(({ key }) => key.name === name) ?? null;
  }

  #discardAll() {
    setText(this.#message, '');
    this.#show(() => false);
  }

  /** As the gateway has it now. @param {(field: KeyField) => boolean} keeps what is in its control */
  #show(keeps) {
    const entries = entriesOf(this.store.config, this.section);
    for (const field of this.#fields) {
      if (keeps(field)) field.rebase(entries[field.key.name]);
      else field.show(entries[field.key.name]);
    }
    this.#tally();
  }

  /** Somebody else's change, or ours elsewhere. */
  #gatewayMoved() {
    if (!this.#saving) this.#show((field) => field.dirty);
  }

  #tally() {
    const count = this.#dirty.length;
    this.#bar.hidden = count === 0;
    setText(this.#count, count ? t('settings.unsaved', { count }) : '');
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.#message, '');
    const dirty = this.#dirty;
    const wrong = dirty.filter((field) => !field.check());
    if (wrong.length) return wrong[0].focus();
    if (!dirty.length) return;
    const changes = Object.fromEntries(dirty.map((field) => [field.key.name, field.value]));
    const sent = new Map(this.#fields.map((field) => [field, field.value])); // what is typed while it is on its way stays
    this.#save.setAttribute('aria-busy', 'true');
    this.#saving = true;
    try {
      const done = await this.#send(this.section === 'gateway' ? { gateway: changes } : { targets: { [this.section.replace(/^target /, '')]: changes } });
      if (done) this.#show((field) => !sameValue(field.value, sent.get(field)));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#saving = false;
    this.#save.removeAttribute('aria-busy');
  }

  /** @param {Patch} patch @param {number} [tries] @returns {Promise<boolean>} it is settled, the store has how */
  async #send(patch, tries = TRIES) {
    const outcome = await this.store.change(patch);
    if (outcome.sort === 'bad') {
      this.#refused(outcome.keys);
      return false;
    }
    if (outcome.sort === 'changed') {
      if (!tries) throw new Error(t('settings.conflict.somebody'));
      const wanted = await resolveConflict(this.store, outcome, patch);
      if (wanted === null) {
        this.#show((field) => field.dirty);
        return false;
      }
      return isEmptyPatch(wanted) || this.#send(wanted, tries - 1);
    }
    if (!this.store.config.pending) notice(t('settings.saved'));
    return true;
  }

  /** @param {{section: string, key: string, message: string}[]} keys */
  #refused(keys) {
    const elsewhere = [];
    let first = null;
    for (const { section, key, message: told } of keys) {
      const message = refusedWords(this.store.key(section === 'gateway' ? section : 'target', key), told);
      const field = section === this.section ? this.field(key) : null;
      field?.setError(message);
      if (!field || field.locked) elsewhere.push(t('settings.key-says', { key: keyLabel(key), message }));
      else first ??= field;
    }
    setText(this.#message, elsewhere.join(' '));
    first?.focus();
  }
}
