/* The REST API (docs/api.md) as functions. Every failure is an ApiError whose message is a sentence for people. */

import { base } from './base.js';
import { noteDate } from './parts/gateway_clock.js';
import { t } from './parts/messages.js';
import { refusalWords } from './parts/words.js';

/** @typedef {'view'|'input'|'media'|'library'|'power'|'serial'|'configure'|'users'|'audit'} Right */
/** target: "" is the gateway itself, "*" all targets. @typedef {{target: string, rights: Right[]}} Grant */
/**
 * expires: milliseconds from now, null: only with its connection.
 * @typedef {{user: string, role: string, rights: Right[], grants: Grant[], kind: string, expires: number|null}} Session
 */
/** @typedef {import('./media/media_api.js').Drive} Drive */
/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} machine
 * @property {'on'|'off'|'going-off'|'unknown'} power
 * @property {{name: import('./console/session/protocol.js').SignalName, why: string}} signal
 * @property {{width: number, height: number}|null} mode
 * @property {number} viewers
 * @property {{holder: string|null, shared?: boolean}} seat
 * @property {Drive[]} drives
 * @property {{num: boolean, caps: boolean, scroll: boolean}} leds
 * @property {{state: string, why: string, log: string[]}} [vm]
 * @property {UsbSummary|null} [usb] null: its USB is not ours to shape
 * @property {boolean} [capture] its picture comes from a capture device
 * @property {string} [title] for people; '' none
 * @property {string} [group]
 * @property {boolean} [recording]
 * @property {TargetEvent|null} [last_event]
 * @property {{state: 'ok'|'warn'|'danger'|'off', id: string|null, args: string[], why: string}|null} [health] id, args: of the event that made it so
 */
/** time: seconds since 1970; text: id and args as an English sentence. @typedef {{time: number, kind: string, tone: string, id: string, args: string[], text: string}} TargetEvent */
/** @typedef {'no-helper'|'gone'|'not-attached'|'powered'|'configured'|'suspended'} UsbState */
/** @typedef {{name: string, words: string}} Personality */
/** @typedef {{state: UsbState, personality: string, offer: Personality|null, why: string, why_id: string|null, trouble: string}} UsbSummary */
/**
 * @typedef {object} Usb
 * @property {UsbState} state
 * @property {boolean} bound
 * @property {string} personality
 * @property {string} words
 * @property {boolean} automatic
 * @property {boolean} found
 * @property {Personality|null} offer
 * @property {string} why
 * @property {string|null} why_id the same as `why`; null where that is ''
 * @property {string} left_out
 * @property {{id: string, functions: string[], endpoints: number[]}[]} left_out_parts the same as `left_out`
 * @property {string} trouble
 * @property {boolean} wakeup
 * @property {number} keyboard_interval_us
 * @property {Personality[]} choices
 * @property {TargetEvent[]} events newest first
 */
/**
 * @typedef {object} Capture
 * @property {string} driver
 * @property {string} card
 * @property {string} bus
 * @property {string} input
 * @property {string} format
 * @property {string} memory
 * @property {string} timings
 * @property {string} offered
 * @property {string} priority
 * @property {string} why
 * @property {boolean} has_edid
 */
/**
 * @typedef {object} Edid
 * @property {boolean} present
 * @property {string[]} presets
 * @property {string} manufacturer
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {number} refresh_millihertz
 * @property {string|null} preset
 */
/** @typedef {'on'|'soft-off'|'hard-off'|'reset'|'nmi'} PowerAction */
/** @typedef {'default'|'cd'|'disk'|'pxe'|'menu'|'setup'} BootChoice */
/** @typedef {{state: Target['power'], boot_next: BootChoice}} Power */

const BASE = `${base}/api/v1`;

export class ApiError extends Error {
  /** @param {number} status 0: no answer at all @param {string} code @param {string} message @param {any} [body] of the answer */
  constructor(status, code, message, body = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/** Told of sessions that ended and of a gateway that wants its set-up: window events. */
export const LOGIN_NEEDED = 'lightsout-login-needed';
export const SETUP_NEEDED = 'lightsout-setup-needed';

/** @param {string} why a sentence of the gateway's, or '' */
export const loginNeeded = (why) => window.dispatchEvent(new CustomEvent(LOGIN_NEEDED, { detail: why }));

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Response>}
 */
export async function call(method, path, body, headers = {}) {
  /** @type {RequestInit} */
  const options = { method, cache: 'no-store', signal: AbortSignal.timeout(30000), headers };
  if (body !== undefined) {
    options.headers = { ...headers, 'Content-Type': 'application/json' };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(BASE + path, options);
  } catch {
    throw new ApiError(0, 'no-answer', t('app.no-answer'));
  }
  noteDate(response.headers.get('Date'));
  if (!response.ok) throw await refusal(response, path);
  return response;
}

/** @param {Response} response @param {string} path */
async function refusal(response, path) {
  const body = await response.json().catch(() => null);
  const error = body?.error;
  const code = error?.code ?? 'unknown';
  if (code === 'needs-setup') window.dispatchEvent(new Event(SETUP_NEEDED));
  else if (response.status === 401 && path !== '/session') loginNeeded('');
  return new ApiError(response.status, code, refusalWords(error) ?? t('app.refused', { status: String(response.status) }), body);
}

/** @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] @returns {Promise<any>} */
export const json = async (method, path, body, headers) => contentOf(await call(method, path, body, headers));

/**
 * What an answer holds; null: nothing. A proxy or a network's log-in page may answer in the gateway's place.
 * @param {Response} response @returns {Promise<any>}
 */
export async function contentOf(response) {
  let text;
  try {
    text = await response.text();
  } catch {
    throw new ApiError(0, 'no-answer', t('app.no-answer')); // it broke off, or took too long
  }
  try {
    const content = text ? JSON.parse(text) : null;
    if (typeof content === 'object') return content;
  } catch {
    // as if it were of the wrong kind
  }
  throw garbled(response.status);
}

/** @param {number} [status] of the answer */
export const garbled = (status = 200) => new ApiError(status, 'garbled', t('app.garbled'));

/** A list that an answer must hold. @template T @param {T[]|undefined} list @returns {T[]} */
export function asList(list) {
  if (!Array.isArray(list)) throw garbled();
  return list;
}

/** @param {string} name */
export const target = (name) => `/targets/${encodeURIComponent(name)}`;

export const api = {
  /** @returns {Promise<{name: string, version: string, needs_setup: boolean, certificate?: boolean}>} certificate: one may log in by it */
  version: () => json('GET', '/version'),
  /** @param {{secret: string, user: string, password: string}} body @returns {Promise<Session>} */
  setup: (body) => json('POST', '/setup', body),
  /** @param {{user: string, password: string, code?: string}|{certificate: true}} body @returns {Promise<Session>} */
  login: (body) => json('POST', '/session', body),
  /** @returns {Promise<Session>} */
  session: async () => {
    const session = await json('GET', '/session');
    if (!Array.isArray(session?.rights) || !Array.isArray(session.grants)) throw garbled(200);
    return session;
  },
  logout: () => json('DELETE', '/session'),

  /** @returns {Promise<Target[]>} */
  targets: async () => (await json('GET', '/targets')).targets,
  /** @param {string} name @returns {Promise<Target>} */
  target: (name) => json('GET', target(name)),
  /** @param {string} name @param {PowerAction} action @returns {Promise<Power>} */
  power: (name, action) => json('POST', `${target(name)}/power`, { action }),
  /** @param {string} name @returns {Promise<Power>} */
  powerState: (name) => json('GET', `${target(name)}/power`),
  /** @param {string} name @param {BootChoice} boot @returns {Promise<Power>} */
  bootOnce: (name, boot) => json('PUT', `${target(name)}/boot`, { boot }),

  /** @param {string} name @returns {Promise<Capture>} */
  capture: (name) => json('GET', `${target(name)}/capture`),
  /** @param {string} name @returns {Promise<Edid>} */
  edid: (name) => json('GET', `${target(name)}/edid`),
  /** @param {string} name @param {{preset: string}|{hex: string}} body @returns {Promise<Edid>} as it will be */
  setEdid: (name, body) => json('PUT', `${target(name)}/edid`, body),
  /** @param {string} name */
  edidFile: async (name) => (await call('GET', `${target(name)}/edid/raw`)).blob(),
  /** @param {string} name @returns {Promise<Usb>} */
  usb: (name) => json('GET', `${target(name)}/usb`),
  /** @param {string} name @param {string} personality or "auto" @returns {Promise<Usb>} */
  setPersonality: (name, personality) => json('PUT', `${target(name)}/usb`, { personality }),
  /** @param {string} name @returns {Promise<Usb>} */
  acceptOffer: (name) => json('POST', `${target(name)}/usb/accept-offer`, {}),

  /** @param {string} name @param {string} query */
  screenshot: async (name, query) => (await call('GET', `${target(name)}/screenshot?${query}`)).blob(),

  /**
   * For who holds the seat with a page of this session.
   * @param {string} name @param {string} text @param {string} layout @returns {Promise<{characters: number}>}
   */
  type: (name, text, layout) => json('POST', `${target(name)}/type`, { text, layout }),
  /** @param {string} name @returns {Promise<{remaining: number}>} */
  typing: (name) => json('GET', `${target(name)}/type`),
  /** @param {string} name */
  stopTyping: (name) => json('DELETE', `${target(name)}/type`),
  /** uptime: s; recognise: languages of text in pictures. @returns {Promise<{clock: {synchronised: boolean, time: number}, uptime?: number, recognise?: string[]}>} */
  system: () => json('GET', '/system'),
  /** @param {number} time milliseconds since 1970 */
  setClock: (time) => json('POST', '/system/clock', { time }),
  /** @returns {Promise<string[]>} */
  layouts: async () => (await json('GET', '/layouts')).layouts,
};

/** Browsers' own words for requests and modules that never came. */
const NEVER_CAME = /fetch|import|load|network/i;

/** @param {unknown} error @returns {string} the sentence to show */
export function sentence(error) {
  if (error instanceof DOMException && ['TimeoutError', 'NetworkError'].includes(error.name)) return t('app.no-answer');
  // What the engine says of an answer that lacks what it should have is nothing for people.
  if (error instanceof TypeError || error instanceof SyntaxError) return t(NEVER_CAME.test(error.message) ? 'app.no-answer' : 'app.garbled');
  return error instanceof Error ? error.message : String(error);
}
