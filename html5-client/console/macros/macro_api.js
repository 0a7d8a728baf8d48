/* REST of macros, the jiggler and layouts (docs/api.md), as functions. */

import { json, target } from '../../api.js';

/** @typedef {import('./macro_steps.js').Macro} Macro */
/** @typedef {{name: string, title: string, times: number, shortcut: string, steps: number}} MacroSummary */
/** times 0: until it is stopped. @typedef {{name: string, title: string, by: string, step: number, steps: number, round: number, times: number, seconds: number}} Running */
/** @typedef {{name: string, end: 'done'|'stopped'|'seat'|'right'|'failed', why: string}} LastRun */

/** @param {string} name @param {string} macro */
const one = (name, macro) => `${target(name)}/macros/${encodeURIComponent(macro)}`;

export const macroApi = {
  /** @param {string} name @returns {Promise<{macros: MacroSummary[], running: Running|null, last: LastRun|null}>} */
  list: (name) => json('GET', `${target(name)}/macros`),
  /** @param {string} name @param {string} macro @returns {Promise<Macro>} */
  get: (name, macro) => json('GET', one(name, macro)),
  /** @param {string} name @param {string} macro @param {Macro} body @returns {Promise<Macro>} */
  put: (name, macro, body) => json('PUT', one(name, macro), body),
  /** @param {string} name @param {string} macro */
  remove: (name, macro) => json('DELETE', one(name, macro)),
  /** @param {string} name @param {string} macro @param {{times?: number, loop?: boolean}} [how] @returns {Promise<Running>} */
  run: (name, macro, how = {}) => json('POST', `${one(name, macro)}/run`, how),
  /** @param {string} name */
  stop: (name) => json('POST', `${target(name)}/macros/stop`),
};

/** For the time being; 0: off. @param {string} name @param {number} seconds @returns {Promise<{seconds: number, configured: number}>} */
export const setJiggler = (name, seconds) => json('PUT', `${target(name)}/jiggler`, { seconds });

/** The file gives it, so nobody here can. @param {string} name @param {string} key @returns {Promise<boolean>} */
export const isLocked = async (name, key) => (await json('GET', '/config')).targets[name]?.keys[key]?.locked ?? true;

/** Into what the page keeps: it counts after a restart too. @param {string} name @param {Record<string, string>} keys */
export async function configureTarget(name, keys) {
  const { etag } = await json('GET', '/config');
  await json('PATCH', '/config', { targets: { [name]: keys } }, { 'If-Match': `"${etag}"` });
}

/** @param {string} layout @returns {Promise<import('../keys/key_legends.js').Layout>} */
export const readLayout = (layout) => json('GET', `/layouts/${encodeURIComponent(layout)}`);
