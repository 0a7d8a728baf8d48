/* Asks for one line of text, and stays with the reason when what is done with it fails. */

import { sentence } from '../api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { field } from './field.js';
import { t } from './messages.js';

/**
 * @param {{title: string, label: string, value: string, action: string, hint?: string, run: (text: string) => Promise<unknown>}} question
 * @returns {Promise<boolean>} it was done
 */
export function askDialog({ title, label, value, action, hint, run }) {
  return new Promise((resolve) => {
    let done = false;
    const text = field({ label, name: 'answer', hint });
    const agree = h('button', { class: 'button primary' }, action);
    const cancel = h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('words.cancel'));
    const form = h('form', { class: 'ask', onsubmit: (/** @type {Event} */ event) => void submit(event) }, text.element, h('div', { class: 'ask-foot' }, cancel, agree));
    text.input.value = value;
    const dialog = openDialog({ title, body: [form], onclose: () => resolve(done) });
    text.input.focus();
    text.input.select();

    /** @param {Event} event */
    async function submit(event) {
      event.preventDefault();
      agree.setAttribute('aria-busy', 'true');
      try {
        await run(text.input.value.trim());
        done = true;
        dialog.close();
      } catch (error) {
        text.setError(sentence(error));
        text.input.focus();
      }
      agree.removeAttribute('aria-busy');
    }
  });
}
