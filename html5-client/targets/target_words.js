/* Times and figures of the overview in words. Pure. */

import { language } from '../parts/messages.js';

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
