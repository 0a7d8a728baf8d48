/* Sessions, tokens and rights in words. Pure. */

/** @typedef {import('../api.js').Right} Right */
/** @typedef {import('../api.js').Grant} Grant */

/** @type {Record<Right, string>} */
export const RIGHT_WORDS = {
  view: 'See the screen',
  input: 'Type and point',
  media: 'Insert media',
  power: 'Power',
  serial: 'Serial console',
  configure: 'Configure',
  audit: 'Read the events',
  library: 'Change the image library',
  users: 'Manage users',
};

/** @type {Right[]} */
export const TARGET_RIGHTS = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit'];
/** @type {Right[]} */
export const GATEWAY_RIGHTS = ['library', 'users', 'configure', 'audit'];

/** @type {Record<string, string>} */
const KINDS = {
  browser: 'Password',
  certificate: 'Client certificate',
  directory: 'Directory',
  token: 'API token',
  local: 'On the gateway itself',
};

/** @param {string} kind */
export const kindWords = (kind) => KINDS[kind] ?? kind;

/** @param {Grant} grant */
function grantWords({ target, rights }) {
  const where = target === '*' ? 'all targets' : target === '' ? 'the gateway' : target;
  return `${where}: ${rights.join(', ')}`;
}

/** @param {Grant[]|null} grants null: all that the account may */
export const scopeWords = (grants) => (grants ? grants.map(grantWords).join(' · ') : 'All that you may');

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
  if (!agent) return 'Unknown program';
  for (const [pattern, name] of PROGRAMS) {
    const found = /** @type {RegExp} */ (pattern).exec(agent);
    if (!found) continue;
    const system = SYSTEMS.find(([at]) => /** @type {RegExp} */ (at).test(agent));
    return `${name} ${found[1]}${system ? ` on ${system[1]}` : ''}`;
  }
  return agent;
}

/** @param {number|null} seconds since 1970; null or 0: never */
export const timeWords = (seconds) =>
  seconds ? new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : 'never';

/**
 * Why a login is asked for again.
 * @param {boolean} overdue the session's time was over @param {string} said by the gateway, or ''
 */
export function endWords(overdue, said) {
  if (overdue) return 'You were logged out because your session’s time was over. Log in to go on where you were.';
  const reason = 'it was not used for long, was ended elsewhere, or password or account were changed';
  return said ? `You were logged out. ${said}` : `You were logged out because your session has ended: ${reason}. Log in to go on where you were.`;
}
