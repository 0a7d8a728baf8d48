/* Times and events of the overview in words. Pure. */

import { hasMessage, language, t } from '../parts/messages.js';
import { sentenceWords } from '../parts/words.js';

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** "3 minutes ago". @param {number} time milliseconds since 1970 @param {number} now */
export function agoWords(time, now) {
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  const [unit, length] = UNITS.find((one) => seconds >= one[1]) ?? UNITS[3];
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto', style: 'short' }).format(-Math.floor(seconds / length), unit);
}

/** What has happened; an event that this page does not know, in the gateway's English. @param {{id: string|null, args: string[], text: string}} event */
export function eventWords({ id, args, text }) {
  if (id !== 'signal-lost') return sentenceWords(`event.${id}`, args, text);
  const signal = `words.signal.${args[0]}`;
  return hasMessage(signal) ? t('event.signal-lost', { 1: t(signal) }) : text;
}

/** Why it is how it is, '' when it is well. @param {import('../api.js').Target['health']} health */
export const healthWords = (health) => (health ? eventWords({ ...health, text: health.why }) : '');
