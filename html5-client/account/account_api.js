/* One's own account over REST (docs/api.md): password, second factor, API tokens, sessions. */

import { json } from '../api.js';

/** @typedef {import('../api.js').Grant} Grant */
/** @typedef {{user: string, second_factor: boolean, origin: 'local'|'directory', certificate: boolean}} Account */
/** @typedef {{id: number|string, name: string, created: number, expires: number, used: number|null, grants: Grant[]|null}} Token */
/** @typedef {{id: number|string, user: string, kind: string, peer: string, agent: string, created: number, used: number, current: boolean}} SessionEntry */

/** @param {string|number} id */
const named = (id) => encodeURIComponent(String(id));

export const account = {
  /** @returns {Promise<Account>} */
  get: () => json('GET', '/account'),
  /** @param {string} password @param {string} wanted */
  setPassword: (password, wanted) => json('PUT', '/account/password', { password, new: wanted }),

  /** @returns {Promise<{secret: string, uri: string}>} */
  beginFactor: () => json('POST', '/account/totp', {}),
  /** @param {string} code @returns {Promise<{recovery: string[]}>} */
  confirmFactor: (code) => json('POST', '/account/totp/confirm', { code }),
  /** @param {string} password */
  removeFactor: (password) => json('DELETE', '/account/totp', { password }),

  /** @returns {Promise<Token[]>} */
  tokens: async () => (await json('GET', '/account/tokens')).tokens,
  /** @param {{name: string, expires: number, grants?: Grant[]}} wanted expires: seconds from now @returns {Promise<{id: number|string, token: string}>} */
  makeToken: (wanted) => json('POST', '/account/tokens', wanted),
  /** @param {string|number} id */
  revokeToken: (id) => json('DELETE', `/account/tokens/${named(id)}`),

  /** @param {boolean} all everybody's @returns {Promise<SessionEntry[]>} */
  sessions: async (all) => (await json('GET', all ? '/sessions?all=1' : '/sessions')).sessions,
  /** @param {string|number} id */
  endSession: (id) => json('DELETE', `/sessions/${named(id)}`),
  endOtherSessions: () => json('DELETE', '/sessions'),
};
