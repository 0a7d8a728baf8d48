/* Sessions, tokens and rights in words. Pure. */

import { hasMessage, t } from '../parts/messages.js';
import { dateWords } from '../parts/words.js';

/** @typedef {import('../api.js').Right} Right */
/** @typedef {import('../api.js').Grant} Grant */

/** @param {Right} right */
export const rightWords = (right) => t(`app.right.${right}`);

/** @param {string} role */
export const roleWords = (role) => (hasMessage(`app.role.${role}`) ? t(`app.role.${role}`) : role);

/** @type {Right[]} */
export const TARGET_RIGHTS = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit'];
/** @type {Right[]} */
export const GATEWAY_RIGHTS = ['library', 'users', 'configure', 'audit'];

/** @param {string} kind */
export const kindWords = (kind) => (hasMessage(`app.kind.${kind}`) ? t(`app.kind.${kind}`) : kind);

/** @param {Grant} grant */
function grantWords({ target, rights }) {
  const where = target === '*' ? t('app.scope.all-targets') : target === '' ? t('app.scope.gateway') : target;
  return t('app.scope.grant', { where, rights: rights.map(rightWords).join(', ') });
}

/** @param {Grant[]|null} grants null: all that the account may */
export const scopeWords = (grants) => (grants ? grants.map(grantWords).join(' · ') : t('app.scope.everything'));

/** Programs in a User-Agent, the more telling ones first: many call themselves by the names behind as well. */
const PROGRAMS = [
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\bEdg\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bChrom(?:e|ium)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+).*\bSafari\//, 'Safari'],
  [/\bcurl\/(\d+)/, 'curl'],
  [/\blightsout\/(\d+)/, 'lightsout'],
];
const SYSTEMS = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone|iPad\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What a User-Agent says; itself when it says nothing known. @param {string} agent */
export function agentWords(agent) {
  if (!agent) return t('app.unknown-program');
  for (const [pattern, name] of PROGRAMS) {
    const found = /** @type {RegExp} */ (pattern).exec(agent);
    if (!found) continue;
    const system = SYSTEMS.find(([at]) => /** @type {RegExp} */ (at).test(agent));
    const program = `${name} ${found[1]}`;
    return system ? t('app.program-on', { program, system: String(system[1]) }) : program;
  }
  return agent;
}

/** @param {number|null} seconds since 1970; null or 0: never */
export const timeWords = (seconds) =>
  seconds ? dateWords(seconds * 1000) : t('words.never');

/**
 * Why a login is asked for again.
 * @param {boolean} overdue the session's time was over @param {string} said by the gateway, or ''
 */
export function endWords(overdue, said) {
  if (overdue) return t('app.end.overdue');
  return said ? t('app.end.said', { why: said }) : t('app.end.ended');
}
