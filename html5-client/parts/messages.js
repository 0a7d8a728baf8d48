/* What the page says, in the language of who reads it. The texts stand in messages/LANGUAGE/AREA.json: key -> text with
 * {values}, or key -> {one, other ...}, the forms of a plural, chosen by the value `count`. Call t() where something is
 * shown, never while a module loads: the messages are not there yet. */

import { base } from '../base.js';

/** By their own names. @type {Record<string, string>} */
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français', zh: '中文' };

const KEPT = 'lightsout.language';

/** @type {Record<string, string|Record<string, string>>} */
let messages = {};
let current = 'en';
let plurals = new Intl.PluralRules('en');

/** What the user chose; '' follows the browser. */
export function chosenLanguage() {
  try {
    return localStorage.getItem(KEPT) ?? '';
  } catch {
    return ''; // no storage here, as in workers
  }
}

/** The first of the browser's languages that there is. @param {readonly string[]} wanted */
function bestLanguage(wanted) {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag in LANGUAGES);
  return known ?? 'en';
}

/** A worker is named after the language of the page that started it. */
function wantedLanguage() {
  if (typeof document === 'undefined') return self.name in LANGUAGES ? self.name : 'en';
  const chosen = chosenLanguage();
  return chosen in LANGUAGES ? chosen : bestLanguage(navigator.languages);
}

/** The language of what is said now; also for Intl. */
export const language = () => current;

/** @param {string} name @param {Record<string, string|Record<string, string>>} texts */
export function useMessages(name, texts) {
  current = name;
  messages = texts;
  plurals = new Intl.PluralRules(name);
  if (typeof document !== 'undefined') document.documentElement.lang = name;
}

/** @param {string} name */
async function load(name) {
  const response = await fetch(`${base}/messages/${name}.json`);
  if (!response.ok) throw new Error(`messages/${name}.json: status ${response.status}`);
  useMessages(name, await response.json());
}

/** Keeps the choice, and says everything anew. @param {string} name '' follows the browser */
export function chooseLanguage(name) {
  try {
    if (name) localStorage.setItem(KEPT, name);
    else localStorage.removeItem(KEPT);
  } catch {
    // Not kept then.
  }
  location.reload();
}

/**
 * @param {string} key
 * @param {Record<string, string|number>} [values] what stands in {braces}; numbers are written as the language does
 */
export function t(key, values = {}) {
  const found = messages[key];
  const text = typeof found === 'object' ? (found[plurals.select(Number(values.count))] ?? found.other) : found;
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? value.toLocaleString(current) : value;
  });
}

/** Whether there is such a message. @param {string} key */
export const hasMessage = (key) => key in messages;

/** Settled when the messages are there; without them the keys are shown, which is better than nothing. */
export const messagesReady = typeof self === 'undefined' || self.location?.protocol === 'file:' ? Promise.resolve() : load(wantedLanguage()).catch(() => {});
