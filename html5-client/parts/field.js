/* A labelled input with a hint and a place for its error. */

import { h, newId, setText } from './dom.js';
import { icon } from './icons.js';
import { t } from './messages.js';

/**
 * @param {{label: string, name: string, type?: string, autocomplete?: string, hint?: string, mono?: boolean}} options
 */
export function field({ label, name, type = 'text', autocomplete = 'off', hint, mono }) {
  const id = newId(name);
  const input = h('input', {
    id,
    name,
    type,
    autocomplete,
    required: true,
    class: mono ? 'input mono' : 'input',
    autocapitalize: 'none',
    spellcheck: 'false',
    'aria-describedby': `${id}-hint ${id}-error`,
  });
  const error = h('p', { class: 'error', id: `${id}-error`, role: 'alert' });
  const element = h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    type === 'password' ? withReveal(input, label) : input,
    h('p', { class: 'hint', id: `${id}-hint`, hidden: !hint }, hint ?? ''),
    error,
  );
  input.addEventListener('input', () => setError(''));
  /** @param {string} text */
  function setError(text) {
    setText(error, text);
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
  return { element, input, setError };
}

/** @param {HTMLInputElement} input @param {string} label */
function withReveal(input, label) {
  const button = h(
    'button',
    { type: 'button', class: 'button quiet square', 'aria-label': t('words.show-field', { label }), 'aria-pressed': 'false' },
    icon('eye'),
  );
  button.addEventListener('click', () => {
    const show = input.type === 'password';
    input.type = show ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(show));
  });
  return h('span', { class: 'with-button' }, input, button);
}
