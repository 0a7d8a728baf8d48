/* Something that the gateway tells once and never again: a token, recovery codes. Copied or printed, then put away. */

import { h, setText } from './dom.js';
import { printText } from './print_text.js';
import { t } from './messages.js';

/**
 * @param {{text: string, label: string, words: string, print?: string, done: () => void}} shown text: what is copied; label:
 *   its name; words: why it matters; print: the heading of the printed sheet, without it there is none
 */
export function shownOnce({ text, label, words, print, done }) {
  const said = h('span', { class: 'small dim', role: 'status' });
  const secret = h('pre', { class: 'secret', tabindex: 0, role: 'textbox', 'aria-readonly': 'true', 'aria-multiline': 'true', 'aria-label': label }, text);
  const copy = h('button', { type: 'button', class: 'button', onclick: () => void copyIt() }, t('words.copy'));
  const sheet = print && h('button', { type: 'button', class: 'button', onclick: () => printText(print, text) }, t('words.print'));
  const close = h('button', { type: 'button', class: 'button primary', onclick: done }, t('words.kept'));
  const element = h('div', { class: 'shown-once' }, h('p', { class: 'message', 'data-tone': 'warn' }, words), secret, h('div', { class: 'way-foot' }, said, copy, sheet, close));

  async function copyIt() {
    try {
      await navigator.clipboard.writeText(text);
      setText(said, t('words.copied'));
    } catch {
      getSelection()?.selectAllChildren(secret);
      setText(said, t('words.selected'));
    }
  }
  return { element, focus: () => secret.focus() };
}
