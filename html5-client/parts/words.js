/* States and figures in words, in the language of the page. Pure. */

import { hasMessage, language, t } from './messages.js';

/** @typedef {import('../api.js').Target} Target */
/** @typedef {import('../api.js').Drive} Drive */
/** @typedef {'ok'|'warn'|'danger'|''} Tone */
/** `error` of an answer; args: what the message is made of. @typedef {{code?: string, message?: string, args?: string[]}} Refusal */

/** @type {Record<Target['power'], Tone>} */
const POWER = { on: 'ok', off: '', 'going-off': 'warn', unknown: '' };

/** @param {Target['power']} power @returns {{text: string, tone: Tone}} */
export function powerWords(power) {
  const known = power in POWER ? power : 'unknown';
  return { text: t(`words.power.${known}`), tone: POWER[known] };
}

/** @param {import('../console/session/protocol.js').SignalName} name */
export const signalWords = (name) => (hasMessage(`words.signal.${name}`) ? t(`words.signal.${name}`) : t('words.no-picture'));

/**
 * What the gateway says beside it. That a machine is off needs no sentence more, which would be English.
 * @param {import('../console/session/protocol.js').SignalName} name @param {string} why
 */
export const signalReason = (name, why) => (name === 'powered-off' ? '' : why);

/**
 * What may be the matter with a capture device's picture, where the gateway has no closer sentence, and what can be done.
 * @param {import('../console/session/protocol.js').SignalName} name @returns {{reason: string, remedies: string[]}|null}
 */
export function captureHelp(name) {
  const key = `words.help.${name}`;
  if (!hasMessage(key)) return null;
  const remedies = [];
  for (let i = 1; hasMessage(`words.help.${name}.${i}`); i++) remedies.push(t(`words.help.${name}.${i}`));
  return { reason: t(key), remedies };
}

/** @type {Record<import('../api.js').UsbState, Tone>} */
const USB_STATES = { 'no-helper': 'danger', gone: 'danger', 'not-attached': 'warn', powered: 'warn', configured: 'ok', suspended: '' };

/**
 * Why the gateway refuses, as a sentence; undefined: it says nothing.
 * @param {Refusal|undefined} error
 */
export const refusalWords = (error) => error?.message && sentenceWords(`error.${error.code}`, error.args, error.message);

/** What the gateway's parts say in passing, as a sentence. @param {string} text */
export const asSentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.?!。？！]$/.test(text) ? '' : '.');

/** @param {import('../api.js').UsbState} state @returns {{text: string, tone: Tone}} */
export const usbStateWords = (state) => (state in USB_STATES ? { text: t(`words.usb.${state}`), tone: USB_STATES[state] } : { text: state, tone: '' });

/** @param {{name: string, words: string}} choice @returns {{label: string, words: string}} */
export const personalityWords = ({ name, words }) =>
  hasMessage(`words.personality.${name}`) ? { label: t(`words.personality.${name}`), words: t(`words.personality.${name}.why`) } : { label: name, words };

/** @param {string} name */
export const presetWords = (name) => (hasMessage(`words.preset.${name}`) ? t(`words.preset.${name}`) : name);

/** @param {import('../api.js').Capture} capture @param {import('../api.js').Edid} edid */
export function toldWords(capture, edid) {
  if (!capture.driver) return t('words.told.no-device');
  if (!capture.has_edid) return t('words.told.own');
  return edid.present ? t('words.told.is', { edid: edidWords(edid) }) : t('words.told.none');
}

/** @param {import('../api.js').Edid} edid */
export function edidWords(edid) {
  const maker = [edid.manufacturer, edid.name].filter(Boolean).join(' ');
  const rate = (edid.refresh_millihertz / 1000).toLocaleString(language(), { maximumFractionDigits: 2 });
  const values = { name: edid.preset ?? t('words.edid.own'), width: String(edid.width), height: String(edid.height), rate, maker };
  return maker ? t('words.edid.as', values) : t('words.edid', values);
}

/** @param {import('../api.js').BootChoice} choice */
export const bootChoiceWords = (choice) => t(`words.boot.${choice}`);

/** @param {'cdrom'|'disk'} kind */
export const kindWords = (kind) => t(kind === 'cdrom' ? 'words.kind.cdrom' : 'words.kind.disk');

/** @param {Drive} drive @returns {{text: string, tone: Tone}} */
export function driveWords({ phase, medium, reason }) {
  const name = medium ?? t('words.drive.medium');
  switch (phase) {
    case 'inserting':
      return { text: t('words.drive.inserting', { name }), tone: 'warn' };
    case 'inserted':
      return { text: name, tone: 'ok' };
    case 'ejecting':
      return { text: t('words.drive.ejecting', { name }), tone: 'warn' };
    case 'ejected-by-target':
      return { text: medium ? t('words.drive.ejected', { name }) : t('words.drive.ejected-medium'), tone: '' };
    case 'failed':
      return { text: reason || t('words.drive.failed'), tone: 'danger' };
    default:
      return { text: t('words.drive.empty'), tone: '' };
  }
}

/** @param {import('../console/figures/stage_times.js').Stage} stage */
export const stageWords = (stage) => t(`words.stage.${stage}`);

/** @param {import('../console/figures/stage_times.js').Class} name */
export const classWords = (name) => t(`words.class.${name}`);

/** @param {Date|number} time a number: milliseconds since 1970 */
export const dateWords = (time) => new Date(time).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'short' });

const CLOCK_APART_MS = 60000;

/**
 * What to say of the gateway's clock; null: nothing.
 * @param {{synchronised: boolean, time: number}} clock @param {number} now this browser's
 */
export function clockWords({ synchronised, time }, now) {
  if (synchronised || Math.abs(time - now) < CLOCK_APART_MS) return null;
  return t('words.clock', { time: dateWords(time) });
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** @param {number} value @param {number} digits behind the point, always */
const fixed = (value, digits) => value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** @param {number} bytes */
export function sizeWords(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return `${fixed(value, 0)} B`;
  const digits = value < 10 ? 1 : 0;
  return value.toLocaleString(language(), { style: 'unit', unit: UNITS[unit], minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** @param {number} bits a second */
export function rateWords(bits) {
  const kilobits = bits / 1000;
  if (kilobits >= 1000) return `${fixed(kilobits / 1000, kilobits >= 10000 ? 0 : 1)} Mbit/s`;
  return `${fixed(kilobits, 0)} kbit/s`;
}

/** Milliseconds, with a tenth where that tells something. @param {number} ms */
export const millisecondWords = (ms) => fixed(ms, ms < 10 ? 1 : 0);

/** A span of time, roughly. @param {number} seconds */
export function spanWords(seconds) {
  if (seconds < 60) return t('words.seconds', { count: Math.max(1, Math.round(seconds)) });
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? t('words.minutes', { count: minutes }) : t('words.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/**
 * What the gateway told by a message and its arguments; where there is no such message, in its own English.
 * {1} is the first argument, {1s} the same as a span of time, {0} the English.
 * @param {string} key @param {string[]|undefined} args @param {string} text
 */
export function sentenceWords(key, args, text) {
  /** @type {Record<string, string>} */
  const values = { 0: text };
  args?.forEach((arg, i) => Object.assign(values, { [i + 1]: arg, [`${i + 1}s`]: spanWords(Number(arg)) }));
  return hasMessage(key) ? t(key, values) : text;
}

/** Several, as people list them. @param {string[]} items */
export const listWords = (items) => new Intl.ListFormat(language()).format(items);
