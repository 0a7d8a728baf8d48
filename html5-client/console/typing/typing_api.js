/* What the gateway answers about typing texts and keyboard layouts. */

import { asList, json, target } from '../../api.js';

/**
 * latin: a-z and 0-9 can be typed with it.
 * @typedef {{name: string, title: string, kind: 'ansi'|'iso'|'jis', latin: boolean}} LayoutName
 */
/** name: of what cannot be seen; line and column: where the first one stands. @typedef {{character: string|null, code: string, name: string|null, count: number, line: number, column: number}} Missing */
/** @typedef {{layout: string, characters: number, strokes: number, missing_count: number, missing: Missing[], more_missing: boolean}} Plan */
/** @typedef {'refuse'|'leave-out'|'alt-codes'|'unicode-input'} Instead */
/** @typedef {{text: string, layout?: string, instead?: Instead, careful?: boolean}} Wish */
/**
 * @typedef {{
 *   state: 'idle'|'typing'|'waiting'|'done'|'stopped'|'given-up', characters: number, remaining: number, per_second: number, slowed: boolean,
 *   echo: {result: 'unknown'|'none'|'seen'|'partly', seen: number, lost: number, line?: number, column?: number},
 * }} Typing
 */

/** @type {Promise<LayoutName[]>|null} */
let layouts = null;

export const typingApi = {
  /** Asked for once: they are the program's own. @returns {Promise<LayoutName[]>} */
  layouts() {
    layouts ??= json('GET', '/layouts').then((answer) => asList(answer.layouts));
    layouts.catch(() => (layouts = null));
    return layouts;
  },
  /** Nothing is typed. @param {string} name @param {Wish} wish @returns {Promise<Plan>} */
  check: (name, wish) => json('POST', `${target(name)}/type`, { ...wish, check: true }),
  /** @param {string} name @param {Wish} wish @returns {Promise<Plan>} */
  type: (name, wish) => json('POST', `${target(name)}/type`, wish),
  /** @param {string} name @returns {Promise<Typing>} */
  state: (name) => json('GET', `${target(name)}/type`),
  /** @param {string} name */
  stop: (name) => json('DELETE', `${target(name)}/type`),
  /** As the configuration has it. @param {string} name @returns {Promise<string>} */
  layoutOf: async (name) => (await json('GET', target(name))).layout || 'us',
};
