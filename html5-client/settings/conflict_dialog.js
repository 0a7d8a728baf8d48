/* Somebody else saved while this was being edited: what differs, and for each key that both changed, whose value counts. */

import { openDialog } from '../parts/dialog.js';
import { h, newId } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { dateWords } from '../parts/words.js';
import { differences, sameValue, withoutKeys } from './key_rules.js';
import { keyLabel, valueWords } from './key_words.js';

/** @typedef {import('./config_store.js').ConfigStore} ConfigStore */
/** @typedef {import('./key_rules.js').Difference} Difference */
/** @typedef {import('./settings_api.js').Patch} Patch */

/** @param {ConfigStore} store @param {Difference} difference */
function wordsOf(store, { section, key: name }) {
  const key = store.key(section === 'gateway' ? 'gateway' : 'target', name) ?? { name, type: /** @type {const} */ ('text'), unit: null, choices: null };
  const label = section === 'gateway' ? keyLabel(name) : t('settings.of-target', { key: keyLabel(name), target: section.replace(/^target /, '') });
  return { label, value: (/** @type {import('./settings_api.js').Value} */ value) => valueWords(key, value) };
}

/** Both changed it: a choice. @param {ConfigStore} store @param {Difference} difference */
function choiceOf(store, difference) {
  const { label, value } = wordsOf(store, difference);
  const group = newId('whose');
  const option = (/** @type {string} */ name, /** @type {string} */ words, /** @type {import('./settings_api.js').Value} */ shown, /** @type {boolean} */ checked) => {
    const input = h('input', { type: 'radio', name: group, value: name, checked });
    return { input, element: h('label', { class: 'check' }, input, h('span', {}, words, ' ', h('strong', {}, value(shown)))) };
  };
  const mine = option('mine', t('settings.conflict.mine'), difference.mine ?? null, true);
  const theirs = option('theirs', t('settings.conflict.theirs'), difference.theirs, false);
  const before = h('p', { class: 'small dim' }, t('settings.conflict.before', { value: value(difference.base) }));
  const element = h('fieldset', { class: 'checks conflict' }, h('legend', {}, label), before, theirs.element, mine.element);
  return { difference, element, mine: () => mine.input.checked };
}

/** Only they changed it. @param {ConfigStore} store @param {Difference} difference */
function newsOf(store, difference) {
  const { label, value } = wordsOf(store, difference);
  return h('li', {}, t('settings.conflict.news', { key: label, before: value(difference.base), now: value(difference.theirs) }));
}

/**
 * @param {ConfigStore} store has the newest state already
 * @param {{who: string, time: number, before: import('./settings_api.js').Config}} told @param {Patch} patch
 * @returns {Promise<Patch|null>} what is still wanted; null: nothing is sent, and what was typed stays
 */
export function resolveConflict(store, { who, time, before }, patch) {
  const all = differences(before, store.config, patch);
  if (!all.length) return Promise.resolve(patch); // nothing that could be seen from here
  const both = all.filter(({ mine, theirs }) => mine !== undefined && !sameValue(mine, theirs)).map((one) => choiceOf(store, one));
  const same = all.filter(({ mine, theirs }) => mine !== undefined && sameValue(mine, theirs));
  const news = all.filter(({ mine }) => mine === undefined);
  return new Promise((resolve) => {
    /** @type {Patch|null} */
    let wanted = null;
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, t('settings.conflict.edit'));
    const agree = h('button', { type: 'button', class: 'button primary', autofocus: true }, t('settings.save'));
    const said = who ? t('settings.conflict.who', { who, time: dateWords(time * 1000) }) : t('settings.conflict.somebody');
    const body = [
      h('p', {}, said),
      ...both.map(({ element }) => element),
      news.length > 0 && h('div', {}, h('h3', {}, t('settings.conflict.others')), h('ul', { class: 'bullets small' }, ...news.map((one) => newsOf(store, one)))),
    ].filter((part) => part !== false);
    const dialog = openDialog({ title: t('settings.conflict.title'), body, foot: [cancel, agree], onclose: () => resolve(wanted) });
    agree.addEventListener('click', () => {
      wanted = withoutKeys(patch, [...same, ...both.filter(({ mine }) => !mine()).map(({ difference }) => difference)]);
      dialog.close();
    });
  });
}
