/* What the sections are made of: cards, lists of rows, lines of facts, forms with one button. */

import { sentence } from '../api.js';
import { h, newId, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../parts/dom.js').Child} Child */

/** @param {string} title @param {...Child} children */
export function card(title, ...children) {
  const id = newId('card');
  return h('section', { class: 'card', 'aria-labelledby': id }, h('h3', { id }, title), ...children);
}

/** Some words, and a button for what can be done. @param {string} title @param {string} words @param {StatusLine} status @param {HTMLElement|false} act @param {...Child} more */
export function actionCard(title, words, status, act, ...more) {
  const element = card(title, h('p', { class: 'dim small' }, words), act && h('div', { class: 'card-foot' }, act), status.element, ...more);
  element.classList.add('action');
  return element;
}

/** @param {[string, string|Node|null|undefined|false][]} facts without those that say nothing */
export const factList = (facts) =>
  h('dl', { class: 'facts' }, ...facts.filter(([, value]) => value).flatMap(([label, value]) => [h('dt', {}, label), h('dd', {}, value)]));

/** What is typed on the gateway, in every language the same. @param {...string} lines */
export const commands = (...lines) => h('pre', { class: 'secret' }, lines.join('\n'));

/** @param {string} label @param {string} [tone] */
export const chip = (label, tone = '') => h('span', { class: 'chip', 'data-tone': tone }, label);

/** A line that says how something went. */
export class StatusLine {
  element = h('p', { class: 'message', role: 'status' });

  /** @param {string} text @param {'ok'|'danger'|'warn'|''} [tone] */
  say(text, tone = 'ok') {
    setText(this.element, text);
    this.element.dataset.tone = tone;
  }

  /** @param {unknown} error */
  fail(error) {
    this.say(sentence(error), 'danger');
  }

  /**
   * @param {HTMLElement} button shows that something is done @param {() => Promise<unknown>} run @param {string} [done]
   * @returns {Promise<boolean>} it went well
   */
  async run(button, run, done = '') {
    this.say('', '');
    button.setAttribute('aria-busy', 'true');
    try {
      await run();
      this.say(done);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    } finally {
      button.removeAttribute('aria-busy');
    }
  }
}

/** @param {string} label @param {() => void} run @param {string} [more] classes */
export const button = (label, run, more = '') => h('button', { type: 'button', class: `button ${more}`, onclick: run }, label);

/** @param {() => void} run */
export const backLink = (/** @type {string} */ label, run) => h('button', { type: 'button', class: 'link back-link', onclick: run }, `← ${label}`);

/** A checkbox with its words. @param {string} words @param {boolean} checked @param {() => void} [changed] */
export function check(words, checked, changed) {
  const input = h('input', { type: 'checkbox', checked, onchange: changed });
  return { input, element: h('label', { class: 'check' }, input, h('span', {}, words)) };
}

/** @param {string} label @param {{value: string, words: string}[]} choices @param {string} value @param {string} [hint] @param {() => void} [changed] */
export function choice(label, choices, value, hint = '', changed) {
  const id = newId('choice');
  const select = h('select', { class: 'input', id, 'aria-describedby': hint ? `${id}-hint` : null, onchange: changed }, ...choices.map((one) => h('option', { value: one.value, selected: one.value === value }, one.words)));
  return { select, element: h('div', { class: 'field' }, h('label', { for: id }, label), select, hint && h('p', { class: 'hint', id: `${id}-hint` }, hint)) };
}

/** @param {string} label @param {string} [hint] @param {number} [rows] */
export function textArea(label, hint = '', rows = 8) {
  const id = newId('area');
  const input = h('textarea', { class: 'input mono', id, rows, spellcheck: 'false', autocapitalize: 'none', 'aria-describedby': hint ? `${id}-hint` : null });
  return { input, element: h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('p', { class: 'hint', id: `${id}-hint` }, hint)) };
}

/** The text of a file that is picked goes into an input. @param {string} label @param {HTMLTextAreaElement|HTMLInputElement} into */
export function fromFile(label, into) {
  const file = h('input', { type: 'file', hidden: true, 'aria-label': label });
  file.addEventListener('change', async () => {
    into.value = (await file.files?.[0]?.text()) ?? '';
    file.value = '';
    into.dispatchEvent(new Event('input'));
  });
  return h('span', {}, file, button(label, () => file.click(), 'small'));
}

/** Copies what a field holds, and says so; where the browser does not allow it, it is selected for Ctrl+C. @param {HTMLTextAreaElement} input @param {StatusLine} status */
export async function copy(input, status) {
  try {
    await navigator.clipboard.writeText(input.value);
    status.say(t('words.copied'));
  } catch {
    input.select();
    status.say(t('words.selected'));
  }
}
