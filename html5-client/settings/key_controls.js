/* A control for each type of key: what is typed, read and written as text of the configuration file. */

import { json } from '../api.js';
import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { deviceChoices, deviceWords } from './device_words.js';
import { choiceWords, SUGGESTED } from './key_words.js';

/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Value} Value */
/** @typedef {HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement} Input */
/** `value` is null where nothing is said. @typedef {{element: HTMLElement, input: Input, get: () => Value, set: (value: Value) => void}} Control */

/** @param {Value} value */
const textOf = (value) => (Array.isArray(value) ? value.join('\n') : (value ?? ''));

/** @param {string} id @param {() => void} changed @returns {Control} */
function switchControl(id, changed) {
  const input = h('input', { type: 'checkbox', role: 'switch', class: 'switch', id, onchange: changed });
  return { element: input, input, get: () => (input.checked ? 'yes' : 'no'), set: (value) => (input.checked = value === 'yes') };
}

/** @param {string} id @param {{value: string, words: string}[]} choices @param {() => void} changed @returns {Control} */
function choiceControl(id, choices, changed) {
  const input = h('select', { class: 'input', id, onchange: changed }, ...choices.map(({ value, words }) => h('option', { value }, words)));
  /** @param {Value} value one that is not among them stays what it is */
  const set = (value) => {
    const text = textOf(value);
    if (![...input.options].some((option) => option.value === text)) input.prepend(h('option', { value: text }, text || t('settings.nothing')));
    input.value = text;
  };
  return { element: input, input, get: () => input.value || null, set };
}

/** @param {Key} key @param {string} id @param {() => void} changed @returns {Control} */
function textControl(key, id, changed) {
  const numeric = key.type === 'number';
  const mono = !numeric && key.type !== 'text';
  const short = numeric || key.type === 'size';
  const input = h('input', {
    class: `input${mono ? ' mono' : ''}${short ? ' short' : ''}`, id, type: 'text', inputmode: numeric ? 'numeric' : null, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', oninput: changed,
  });
  const element = numeric && key.unit ? h('span', { class: 'with-unit' }, input, h('span', { class: 'dim' }, key.unit)) : input;
  return { element, input, get: () => input.value.trim() || null, set: (value) => (input.value = textOf(value)) };
}

/** Several: each in a line of its own. @param {Key} key @param {string} id @param {() => void} changed @returns {Control} */
function listControl(key, id, changed) {
  const input = h('textarea', { class: 'input mono lines', id, rows: 2, autocapitalize: 'none', spellcheck: 'false', oninput: () => (grow(), changed()) });
  const grow = () => (input.rows = Math.max(2, Math.min(12, input.value.split('\n').length)));
  const lines = () => input.value.split('\n').map((line) => line.trim()).filter(Boolean);
  return {
    element: input,
    input,
    get: () => (lines().length ? (key.many ? lines() : lines().join(' ').split(/[\s,]+/).join(' ')) : null),
    set: (value) => {
      input.value = Array.isArray(value) ? value.join('\n') : textOf(value).trim().split(/[\s,]+/).join('\n');
      grow();
    },
  };
}

/**
 * A line of a GPIO chip is typed, as there are many of them and they may be active low; those that there are are offered.
 * @param {Key} key @param {string} id @param {() => void} changed @param {Promise<import('./device_words.js').Devices>} devices @returns {Control}
 */
function lineControl(key, id, changed, devices) {
  const control = textControl(key, id, changed);
  const list = h('datalist', { id: `${id}-list` });
  control.input.setAttribute('list', list.id);
  control.input.setAttribute('placeholder', 'gpiochip0:17');
  void devices.then((found) => list.append(...deviceChoices(found, 'gpio').map(({ value, words }) => h('option', { value }, words))), () => {});
  return { ...control, element: h('span', { class: 'with-list' }, control.element, list) };
}

/**
 * A device is chosen of those that there are; the list is asked for when it is there.
 * @param {Key} key @param {string} id @param {() => void} changed @param {Promise<import('./device_words.js').Devices>} devices @returns {Control}
 */
function deviceControl(key, id, changed, devices) {
  const first = key.default === 'auto' ? { value: 'auto', words: t('settings.auto') } : { value: '', words: t('settings.no-device') };
  const control = choiceControl(id, [first], changed);
  const kind = key.devices ?? 'capture';
  void devices.then(
    (list) => {
      const chosen = control.get();
      const select = /** @type {HTMLSelectElement} */ (control.input);
      for (const choice of deviceChoices(list, kind)) {
        const old = [...select.options].find((option) => option.value === choice.value);
        if (old) old.textContent = deviceWords(choice);
        else select.append(h('option', { value: choice.value }, deviceWords(choice)));
      }
      control.set(chosen ?? first.value);
    },
    () => {}, // what is set stays to be seen
  );
  return control;
}

/** Keyboard layouts are chosen by their names in words. @param {string} id @param {() => void} changed @returns {Control} */
function layoutControl(id, changed) {
  const control = choiceControl(id, [], changed);
  void json('GET', '/layouts').then(
    (/** @type {{layouts: {name: string, title: string}[]}} */ { layouts }) => {
      const chosen = control.get();
      const options = layouts.map(({ name, title }) => h('option', { value: name }, t('settings.layout', { title, name })));
      control.input.replaceChildren(...options);
      control.set(chosen);
    },
    () => {}, // what is set stays to be seen
  );
  return control;
}

/**
 * @param {Key} key @param {string} id @param {() => void} changed @param {() => Promise<import('./device_words.js').Devices>} devices asked once
 * @returns {Control}
 */
export function controlOf(key, id, changed, devices) {
  if (key.type === 'bool') return switchControl(id, changed);
  if (key.devices === 'gpio') return lineControl(key, id, changed, devices());
  if (key.devices) return deviceControl(key, id, changed, devices());
  if (key.name === 'layout') return layoutControl(id, changed);
  const choices = key.choices ?? SUGGESTED[key.name];
  if (choices?.length) return choiceControl(id, choices.map((value) => ({ value, words: choiceWords(key.name, value) })), changed);
  if (key.many || key.type === 'list') return listControl(key, id, changed);
  return textControl(key, id, changed);
}
