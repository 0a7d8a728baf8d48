/* What the gateway asks of a user name and a password, told while they are typed. The gateway decides; this only saves a
 * round trip, and says it in the reader's language. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './messages.js';

const MIN_LENGTH = 12;
const MIN_DIFFERENT = 5;
/** Shorter user names may stand in a password. */
const NAME_COUNTS_FROM = 4;

/** What is wrong with a name; '': nothing. @param {string} name */
export const userNameFault = (name) => (!name ? t('app.setup.choose-user') : /^[a-z0-9][\w.@-]{0,62}$/i.test(name) ? '' : t('words.rule.user-name'));

/** @param {string} password @param {string} user @returns {{text: string, met: boolean}[]} */
export function passwordRules(password, user) {
  const characters = [...password];
  const [secret, name] = [password.toLowerCase(), user.trim().toLowerCase()];
  const named = secret === name || (name.length >= NAME_COUNTS_FROM && secret.includes(name));
  return [
    { text: t('words.rule.length', { count: MIN_LENGTH }), met: characters.length >= MIN_LENGTH },
    { text: t('words.rule.different', { count: MIN_DIFFERENT }), met: new Set(characters).size >= MIN_DIFFERENT },
    { text: t('words.rule.name'), met: password !== '' && !named },
  ];
}

/** As lines of a list. @param {{text: string, met: boolean}[]} rules */
export const rulesList = (rules) =>
  rules.map(({ text, met }) =>
    h('li', { 'data-met': String(met) }, icon('check'), h('span', {}, text), h('span', { class: 'for-readers' }, ` ${t(met ? 'words.rule.met' : 'words.rule.not-met')}`)),
  );
