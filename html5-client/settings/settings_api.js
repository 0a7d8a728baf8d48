/* REST of the settings (docs/api.md), as functions. */

import { call, json, target } from '../api.js';

/** @typedef {import('../api.js').Grant} Grant */
/** As text of the configuration file; a list for keys that may stand in several lines. @typedef {string|string[]|null} Value */
/** @typedef {{value: Value, origin: 'file'|'page'|'default', locked: boolean, changed?: {who: string, time: number}}} Entry */
/** @typedef {Record<string, Entry>} Entries */
/**
 * @typedef {object} Key
 * @property {string} name
 * @property {'gateway'|'target'} section
 * @property {string[]|null} machines of a target's key
 * @property {'bool'|'number'|'size'|'choice'|'text'|'list'|'path'|'device'} type
 * @property {string[]|null} choices
 * @property {number|null} min of sizes: MiB
 * @property {number|null} max
 * @property {Value} default
 * @property {boolean} many
 * @property {boolean} page false: only the file may give it
 * @property {'capture'|'udc'|'gpio'|null} devices
 * @property {'now'|'machine'|'gateway'|'restart'} applies
 * @property {'listeners'|'login-rules'|null} trial
 * @property {string|null} unit of a number
 * @property {string} help
 * @property {string} remedy
 */
/** @typedef {{kind: string, who: string, seconds_left: number}} Pending */
/** @typedef {{machine: string, removable: boolean, keys: Entries}} TargetConfig */
/**
 * @typedef {object} Config
 * @property {string} etag
 * @property {Entries} [gateway]
 * @property {Record<string, TargetConfig>} targets
 * @property {{section: string, key: string, applies: Key['applies'], value: Value, running: Value}[]} waiting
 * @property {{section: string, key: string, message: string}[]} ignored
 * @property {string|null} file
 * @property {Pending|null} pending
 */
/** @typedef {{gateway?: Record<string, Value>, targets?: Record<string, Record<string, Value>>}} Patch */
/** @typedef {import('./device_words.js').Devices} Devices */
/** @typedef {{name: string, role: string, enabled: boolean, origin: 'local'|'directory', second_factor: boolean, certificate: string|null, grants: Grant[]}} User */
/** @typedef {{password?: string, role?: string, grants?: Grant[], enabled?: boolean, certificate?: string, second_factor?: false}} UserChange */
/**
 * @typedef {object} Certificate
 * @property {string} subject
 * @property {string[]} names
 * @property {string} issuer
 * @property {number} from
 * @property {number} to
 * @property {string} fingerprint
 * @property {number} days_left
 * @property {'generated'|'configuration'|'set'} source
 * @property {number} chain
 * @property {boolean} on_trial
 */
/** @typedef {{certificate: string, key?: string}} CertificateBody */
/** @typedef {{number: number, time: number, who: string, what: string, target: string, detail: string}} AuditLine */
/**
 * Numbers are of lines.
 * @typedef {{key: string, newest: number, signed: number, waiting: number, lost: number, file: {used: boolean, good: boolean, sent: number, lost: number}, syslog: {used: boolean, sent: number, lost: number}}} AuditState
 */
/** @typedef {{name: string, image: string, identity: string, read_only: boolean, usable: boolean, why: string, connections: number}} Export */

/** @param {string} name */
const user = (name) => `/users/${encodeURIComponent(name)}`;

export const settingsApi = {
  /** @returns {Promise<Key[]>} */
  keys: async () => (await json('GET', '/config/keys')).keys,
  /** @returns {Promise<Config>} */
  config: () => json('GET', '/config'),
  /** @param {string} etag @param {Patch} patch @returns {Promise<Config>} */
  change: (etag, patch) => json('PATCH', '/config', patch, { 'If-Match': `"${etag}"` }),
  /** @param {string} name @param {Record<string, Value>} settings @returns {Promise<Config>} */
  addTarget: (name, settings) => json('POST', '/targets', { name, settings }),
  /** @param {string} name @param {boolean} force */
  removeTarget: (name, force) => json('DELETE', `${target(name)}${force ? '?force=1' : ''}`),
  restart: () => json('POST', '/gateway/restart', {}),
  /** @returns {Promise<Devices>} */
  devices: () => json('GET', '/devices'),
  /** @param {Record<string, string>} device one of capture, udc, gpio @returns {Promise<import('./device_test.js').Seen>} */
  testDevice: (device) => json('POST', '/devices/test', device),

  /** @returns {Promise<User[]>} */
  users: async () => (await json('GET', '/users')).users,
  /** @param {UserChange & {name: string}} wanted */
  addUser: (wanted) => json('POST', '/users', wanted),
  /** @param {string} name @param {UserChange} change */
  changeUser: (name, change) => json('PATCH', user(name), change),
  /** @param {string} name */
  removeUser: (name) => json('DELETE', user(name)),

  /** @returns {Promise<Certificate>} */
  certificate: () => json('GET', '/certificate'),
  /** @param {CertificateBody} body @returns {Promise<{change: Pending|null}>} */
  setCertificate: (body) => json('PUT', '/certificate', body),
  /** @param {CertificateBody} body */
  testCertificate: (body) => json('POST', '/certificate/test', body),
  ownCertificate: () => json('DELETE', '/certificate'),
  /** @returns {Promise<string>} PEM */
  signingRequest: async () => (await json('POST', '/certificate/request', {})).request,

  /** @returns {Promise<Pending|null>} */
  pending: async () => (await json('GET', '/pending-change')).change,
  confirm: () => json('POST', '/pending-change/confirm', {}),
  revert: () => json('POST', '/pending-change/revert', {}),

  /** @param {string} name @param {string} password @returns {Promise<{works: boolean, why: string|null, steps: string[], dn: string|null, role: string|null, grants: Grant[]}>} */
  testDirectory: (name, password) => json('POST', '/directory/test', { user: name, password }),

  /** @param {string} query @returns {Promise<{lines: AuditLine[], next: number|null}>} */
  audit: (query) => json('GET', `/audit?${query}`),
  /** @returns {Promise<AuditState>} */
  auditState: () => json('GET', '/audit/state'),
  /** All of it, part by part: the last line of each but the last says where to go on. @returns {Promise<Blob>} */
  auditExport: async () => {
    const parts = [];
    for (let query = ''; ; ) {
      const text = await (await call('GET', `/audit/export${query}`)).text();
      const at = text.lastIndexOf('{"next":');
      if (at < 0 || (at > 0 && text[at - 1] !== '\n')) return new Blob([...parts, text], { type: 'application/jsonl' });
      const { next } = JSON.parse(text.slice(at));
      parts.push(text.slice(0, at));
      query = `?line=${next.line}&head=${next.head}`;
    }
  },

  /** @param {string} passphrase */
  backup: async (passphrase) => (await call('POST', '/backup', { passphrase })).blob(),

  /** @returns {Promise<Export[]>} */
  exports: async () => (await json('GET', '/exports')).exports,
  /** @param {{name: string, image: string, identity: string, read_only: boolean}} wanted */
  addExport: (wanted) => json('POST', '/exports', wanted),
  /** @param {string} name */
  removeExport: (name) => json('DELETE', `/exports/${encodeURIComponent(name)}`),
};
