/* Keys of the settings, their values and what becomes of them, in words. */

import { hasMessage, language, t } from '../parts/messages.js';
import { dateWords, listWords, personalityWords, presetWords, sentenceWords } from '../parts/words.js';
import { sizeText } from './key_rules.js';

/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Entry} Entry */
/** @typedef {import('./settings_api.js').Value} Value */

/** What one chooses from on the page where the file may say more. @type {Record<string, string[]>} */
export const SUGGESTED = { edid: ['keep', '1080p60', '1080p50', '1200p60', '720p60'], nic: ['none', 'user'] };

/** What has a name of its own in words. @param {string} name */
export const keyLabel = (name) => (hasMessage(`settings.key.${name}`) ? t(`settings.key.${name}`) : name);

/** @param {Key} key */
export const keyHelp = ({ name, help }) => (hasMessage(`settings.help.${name}`) ? t(`settings.help.${name}`) : help);

/** @param {string} key @param {string} choice */
export function choiceWords(key, choice) {
  if (key === 'personality') return personalityWords({ name: choice, words: '' }).label;
  if (key === 'edid' && choice !== 'keep') return presetWords(choice);
  if (choice === 'auto' && !hasMessage(`settings.choice.${key}.auto`)) return t('settings.auto');
  if (choice === 'yes' || choice === 'no') return t(choice === 'yes' ? 'settings.yes' : 'settings.no');
  return hasMessage(`settings.choice.${key}.${choice}`) ? t(`settings.choice.${key}.${choice}`) : choice;
}

/** @param {string} machine */
export const machineWords = (machine) => choiceWords('machine', machine);

/** @param {Pick<Key, 'name'|'type'|'unit'|'choices'>} key @param {Value} value */
export function valueWords(key, value) {
  if (value === null || value === '' || (Array.isArray(value) && !value.length)) return t('settings.nothing');
  if (Array.isArray(value)) return listWords(value);
  if (key.type === 'bool' || key.choices?.includes(value)) return choiceWords(key.name, value);
  if (SUGGESTED[key.name]?.includes(value)) return choiceWords(key.name, value);
  if (value === 'auto') return t('settings.auto');
  if (key.type === 'number' && /^\d+$/.test(value)) return [Number(value).toLocaleString(language()), key.unit].filter(Boolean).join(' ');
  return value;
}

/** @param {Key} key @param {import('./key_rules.js').Fault} fault */
export function faultWords({ min, max, type }, fault) {
  const shown = (/** @type {number|null} */ bound) => (bound === null ? '' : type === 'size' ? sizeText(bound) : bound.toLocaleString(language()));
  return t(`settings.fault.${fault}`, { min: shown(min), max: shown(max) });
}

/** What the gateway's sentences about settings are made of: what stands in quotes, and numbers. */
const PARTS = / '([^']*)'| (\d+)(?=[ ,;:.]|$)/g;

/**
 * Why the gateway takes a value not. Its sentences are too many for an id of each: the first three words of one, without its
 * parts, say which it is (lint.messages compares them with the sources). What has no words of its own is a matter of form.
 * @param {Key|null} key @param {string} message "'VALUE' is no DN; REMEDY", or a sentence
 */
export function refusedWords(key, message) {
  if (!hasMessage('error.bad-config')) return message;
  const remedy = `; ${key?.remedy}`;
  const ofValue = message.endsWith(remedy);
  const told = ofValue ? message.slice(0, -remedy.length).replace(/^'.*?' /, '') : message;
  const parts = [...` ${told}`.matchAll(PARTS)].map(([, quoted, number]) => quoted ?? number);
  const words = ` ${told}`.replace(PARTS, ' ').toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const own = `error.bad-config.${words.slice(0, 3).join('-')}`;
  const said = sentenceWords(hasMessage(own) ? own : ofValue ? 'error.bad-config.form' : 'error.bad-config', parts, told);
  const example = ofValue && /[a-z0-9-]+ = [^;]+/.exec(remedy);
  return example ? `${said} ${t('error.bad-config.example', { 1: example[0] })}` : said;
}

/** When a change counts. @param {Key['applies']} applies */
export const appliesWords = (applies) => t(`settings.applies.${applies}`);

/** Where the value comes from. @param {Entry} entry @param {string} file */
export function originWords({ origin, changed }, file) {
  if (origin === 'file') return t('settings.origin.file', { file });
  if (origin === 'default') return t('settings.origin.default');
  return changed ? t('settings.origin.page-by', { who: changed.who, time: dateWords(changed.time * 1000) }) : t('settings.origin.page');
}
