/* The form for a new target: what it is, its name, and the keys that one thinks of first; the others have their defaults. */

import { ApiError, sentence } from '../api.js';
import { h, newId, setText } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { KeyField } from './key_field.js';
import { refusedWords } from './key_words.js';
import { deviceList } from './keys_form.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./config_store.js').ConfigStore} ConfigStore */
/** @typedef {import('./settings_api.js').Value} Value */

/** In which order they are offered, and what is asked of each. @type {Record<string, string[]>} */
const ASKED = {
  qemu: ['title', 'group', 'layout', 'memory', 'cpus', 'firmware', 'tpm', 'nic'],
  dongle: ['title', 'group', 'layout', 'capture', 'udc', 'edid', 'gpio-power-button', 'gpio-reset-button', 'gpio-power-led', 'wake-mac'],
  testcard: ['title', 'group', 'format'],
};
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const USUAL_DISK_GB = 20;
const MOST_DISK_GB = 2048;

export class AddTarget {
  #id = newId('add');
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #name = field({ label: t('settings.targets.name'), name: 'target-name', hint: t('settings.targets.name-hint'), mono: true });
  #disk = field({ label: t('settings.targets.disk'), name: 'disk-size', hint: t('settings.targets.disk-hint') });
  #room = h('div', { class: 'card key-group' });
  #button = h('button', { class: 'button primary' }, t('settings.targets.add'));
  #devices = deviceList();
  /** @type {KeyField[]} */
  #fields = [];
  #machine = 'qemu';
  element;

  /** @param {ConfigStore} store @param {(name: string) => void} added @param {() => void} cancelled */
  constructor(store, added, cancelled) {
    this.store = store;
    this.added = added;
    const offered = Object.keys(ASKED).filter((machine) => store.key('target', 'machine')?.choices?.includes(machine) ?? true);
    const kinds = offered.map((machine) => this.#kind(machine));
    this.#disk.input.inputMode = 'numeric';
    this.#disk.input.value = String(USUAL_DISK_GB);
    this.#disk.input.required = false;
    const cancel = h('button', { type: 'button', class: 'button', onclick: cancelled }, t('words.cancel'));
    this.element = h(
      'form',
      { class: 'stack', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#submit(event) },
      h('fieldset', { class: 'card kinds' }, h('legend', {}, t('settings.targets.kind')), ...kinds),
      h('div', { class: 'card' }, this.#name.element),
      this.#room,
      this.#message,
      h('div', { class: 'section-foot' }, cancel, this.#button),
    );
    this.#show();
  }

  get unsaved() {
    const written = this.#name.input.value.trim() !== '' || this.#fields.some(({ dirty }) => dirty);
    return written && !this.#button.hasAttribute('aria-busy');
  }

  /** @param {string} machine */
  #kind(machine) {
    const id = `${this.#id}-${machine}`;
    const input = h('input', { type: 'radio', name: this.#id, id, value: machine, checked: machine === this.#machine, 'aria-describedby': `${id}-words`, onchange: () => ((this.#machine = machine), this.#show()) });
    const words = h('span', { class: 'small dim', id: `${id}-words` }, t(`settings.targets.kind.${machine}`));
    return h('div', { class: 'choice' }, input, h('span', {}, h('label', { for: id }, t(`settings.choice.machine.${machine}`)), words));
  }

  #show() {
    const around = { file: this.store.file, changed: () => {}, devices: this.#devices, fresh: true };
    const keys = ASKED[this.#machine].map((name) => this.store.key('target', name)).filter((key) => key !== null);
    this.#fields = keys.filter(({ page }) => page).map((key) => new KeyField(key, undefined, around));
    const elements = this.#fields.map(({ element }) => element);
    if (this.#machine === 'qemu') elements.push(this.#disk.element);
    this.#room.replaceChildren(...elements);
  }

  /** @returns {boolean} */
  #check() {
    const name = this.#name.input.value.trim();
    const size = this.#disk.input.value.trim();
    const asks = this.#machine === 'qemu';
    /** @type {{focus: () => void}[]} */
    const wrong = [];
    const nameWrong = !NAME.test(name) ? t('settings.targets.bad-name') : name in this.store.config.targets ? t('settings.targets.taken', { name }) : '';
    const sizeWrong = asks && size && !(/^\d+$/.test(size) && Number(size) >= 1 && Number(size) <= MOST_DISK_GB) ? t('settings.fault.range', { min: 1, max: MOST_DISK_GB }) : '';
    this.#name.setError(nameWrong);
    this.#disk.setError(sizeWrong);
    if (nameWrong) wrong.push(this.#name.input);
    wrong.push(...this.#fields.filter((one) => !one.check()));
    if (sizeWrong) wrong.push(this.#disk.input);
    wrong[0]?.focus();
    return !wrong.length;
  }

  /** @returns {Record<string, Value>} */
  get #settings() {
    const said = this.#fields.map((one) => /** @type {const} */ ([one.key.name, one.value])).filter(([, value]) => value !== null);
    const size = this.#disk.input.value.trim();
    /** @type {Record<string, Value>} */
    const settings = { machine: this.#machine, ...Object.fromEntries(said) };
    if (this.#machine === 'qemu' && size) settings.disk = `system.qcow2,size=${size}G`;
    return settings;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    setText(this.#message, '');
    if (!this.#check()) return;
    const name = this.#name.input.value.trim();
    this.#button.setAttribute('aria-busy', 'true');
    try {
      this.store.take(await settingsApi.addTarget(name, this.#settings));
      notice(t('settings.targets.added', { name }));
      this.added(name);
    } catch (error) {
      this.#button.removeAttribute('aria-busy');
      this.#refused(error);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof ApiError && error.code === 'target-exists') {
      this.#name.setError(sentence(error));
      return this.#name.input.focus();
    }
    /** @type {{key: string, message: string}[]} */
    const keys = (error instanceof ApiError && error.body?.error?.keys) || [];
    const elsewhere = [];
    let first = null;
    for (const { key, message: told } of keys) {
      const message = refusedWords(this.store.key('target', key), told);
      const one = this.#fields.find((candidate) => candidate.key.name === key);
      if (one) one.setError(message);
      else if (key === 'disk') this.#disk.setError(message);
      else elsewhere.push(message);
      first ??= one ?? (key === 'disk' ? this.#disk.input : null);
    }
    setText(this.#message, keys.length ? elsewhere.join(' ') : sentence(error));
    first?.focus();
  }
}
