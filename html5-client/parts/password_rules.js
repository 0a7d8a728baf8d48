/* What the gateway asks of a password, told while it is typed. The gateway decides; this only saves a round trip. */

import { h } from './dom.js';
import { icon } from './icons.js';

const MIN_LENGTH = 12;
const MIN_DIFFERENT = 5;
/** Shorter user names may stand in a password. */
const NAME_COUNTS_FROM = 4;

/** @param {string} password @param {string} user @returns {{text: string, met: boolean}[]} */
export function passwordRules(password, user) {
  const characters = [...password];
  const [secret, name] = [password.toLowerCase(), user.trim().toLowerCase()];
  const named = secret === name || (name.length >= NAME_COUNTS_FROM && secret.includes(name));
  return [
    { text: `At least ${MIN_LENGTH} characters`, met: characters.length >= MIN_LENGTH },
    { text: `At least ${MIN_DIFFERENT} different ones`, met: new Set(characters).size >= MIN_DIFFERENT },
    { text: 'Without the user name', met: password !== '' && !named },
  ];
}

/** As lines of a list. @param {{text: string, met: boolean}[]} rules */
export const rulesList = (rules) =>
  rules.map(({ text, met }) =>
    h('li', { 'data-met': String(met) }, icon('check'), h('span', {}, text), h('span', { class: 'for-readers' }, met ? ' (met)' : ' (not met)')),
  );
