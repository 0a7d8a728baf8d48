/* One key of the settings: its name, what it is, a control or the reason why there is none, where the value comes from, when
 * a change counts, and what is wrong with it. */

import { identity } from '../app/identity.js';
import { h, newId, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { DeviceTest } from './device_test.js';
import { controlOf } from './key_controls.js';
import { faultOf, sameValue } from './key_rules.js';
import { appliesWords, faultWords, keyHelp, keyLabel, originWords, valueWords } from './key_words.js';

/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Entry} Entry */
/** @typedef {import('./settings_api.js').Value} Value */

/** @type {Entry} */
const UNSAID = { value: null, origin: 'default', locked: false };

export class KeyField {
  #id = newId('key');
  #error = h('p', { class: 'error', id: `${this.#id}-error`, role: 'alert' });
  #origin = h('span', { class: 'key-origin' });
  #back = h('button', { type: 'button', class: 'link', onclick: () => this.#toDefault() }, t('settings.to-default'));
  /** @type {import('./key_controls.js').Control|null} null: locked */
  #control = null;
  #shown = h('output', { class: 'key-locked', id: this.#id });
  /** @type {Entry} */
  #entry = UNSAID;
  element;

  /**
   * @param {Key} key @param {Entry|undefined} entry
   * @param {{file: string, changed: () => void, devices: () => Promise<import('./device_words.js').Devices>, fresh?: boolean}} around fresh: of a target that is being made
   */
  constructor(key, entry, around) {
    this.key = key;
    this.around = around;
    this.locked = !key.page || Boolean(entry?.locked);
    if (!this.locked) this.#control = controlOf(key, this.#id, () => this.#edited(), around.devices);
    const described = `${this.#id}-help ${this.#id}-meta ${this.#id}-error`;
    this.#control?.input.setAttribute('aria-describedby', described);
    const label = h('label', { for: this.#id }, keyLabel(key.name));
    const applies = key.applies !== 'now' && !around.fresh && !this.locked && h('span', {}, appliesWords(key.applies));
    const trial = key.trial && !this.locked && h('span', {}, t('settings.on-trial'));
    const standard = !this.locked && !sameValue(key.default, null) && h('span', {}, t('settings.default-is', { value: valueWords(key, key.default) }));
    this.element = h(
      'div',
      { class: 'key', 'data-key': key.name },
      h('div', { class: 'key-words' }, label, h('code', { class: 'key-name' }, key.name), h('p', { class: 'hint', id: `${this.#id}-help` }, keyHelp(key))),
      h(
        'div',
        { class: 'key-control' },
        this.#control?.element ?? h('span', { class: 'locked-line' }, icon('lock'), this.#shown),
        this.#error,
        h('p', { class: 'key-meta', id: `${this.#id}-meta` }, this.#origin, standard, applies, trial, !this.locked && !around.fresh && this.#back),
      ),
    );
    if (key.devices && (!this.locked || entry?.value) && identity.can('configure')) this.#error.after(new DeviceTest(key, () => (this.locked ? this.#entry.value : this.value)).element);
    this.show(entry);
  }

  /** As the gateway has it now; what was typed is gone. @param {Entry|undefined} entry */
  show(entry = UNSAID) {
    this.#control?.set(entry.value ?? this.key.default);
    this.setError('');
    this.rebase(entry);
  }

  /** The gateway has this now; what is in the control stays. @param {Entry|undefined} entry */
  rebase(entry = UNSAID) {
    this.#entry = entry;
    setText(this.#shown, valueWords(this.key, entry.value ?? this.key.default));
    setText(this.#origin, this.#originText(entry));
    this.#mark();
  }

  /** @param {Entry} entry */
  #originText(entry) {
    if (this.around.fresh) return '';
    if (entry.origin === 'default' && this.locked) return t('settings.file-only', { file: this.around.file });
    return entry.origin === 'default' ? '' : originWords(entry, this.around.file);
  }

  /** What would be sent; null: back to the default. @returns {Value} */
  get value() {
    const value = this.#control?.get() ?? null;
    return sameValue(value, this.key.default) ? null : value;
  }

  get dirty() {
    if (!this.#control) return false;
    const was = this.#entry.origin === 'default' ? null : this.#entry.value;
    return !sameValue(this.value ?? this.key.default, was ?? this.key.default);
  }

  /** Shown although nothing of it can be changed here: it says something. */
  get telling() {
    return !this.locked || this.#entry.origin !== 'default';
  }

  /** @returns {boolean} nothing is wrong that can be seen from here */
  check() {
    const fault = this.#control ? faultOf(this.key, this.#control.get()) : '';
    this.setError(fault && faultWords(this.key, fault));
    return !fault;
  }

  /** @param {string} text */
  setError(text) {
    setText(this.#error, text);
    const input = this.#control?.input;
    if (text) input?.setAttribute('aria-invalid', 'true');
    else input?.removeAttribute('aria-invalid');
  }

  /** @param {Value} value puts it into the control, as if it was typed */
  set(value) {
    this.#control?.set(value ?? this.key.default);
    this.#edited();
  }

  focus() {
    this.#control?.input.focus();
  }

  #toDefault() {
    this.set(this.key.default);
    this.focus();
  }

  #edited() {
    this.setError('');
    this.#mark();
    this.around.changed();
  }

  #mark() {
    this.element.toggleAttribute('data-dirty', this.dirty);
    this.#back.hidden = sameValue(this.key.default, null) || sameValue(this.#control?.get() ?? null, this.key.default);
  }
}
