/* How the seat stands, in words. Pure. */

import { countWords } from '../parts/words.js';

/** @typedef {import('./protocol.js').Seats} Seats */
/**
 * @typedef {object} SeatFacts
 * @property {Seats} seat
 * @property {boolean} connected
 * @property {boolean} mayType
 * @property {boolean} viewOnly
 * @property {boolean} captured the picture has the focus
 * @property {boolean} picture there is one to click
 */

/** @param {number} seconds */
export function durationWords(seconds) {
  if (seconds < 90) return countWords(Math.round(seconds), 'second', 'seconds');
  if (seconds < 5400) return countWords(Math.round(seconds / 60), 'minute', 'minutes');
  return countWords(Math.round(seconds / 3600), 'hour', 'hours');
}

/** @param {SeatFacts} facts */
function mainWords({ seat, captured, picture, mayType, viewOnly }) {
  if (seat.shared && (!mayType || viewOnly)) return 'All who may type do';
  if (seat.mine || seat.shared) {
    const words = captured ? 'Your keys go to the target' : picture ? 'Click the picture to type' : 'You have the keyboard';
    return seat.shared ? `${words} · shared` : words;
  }
  const holder = seat.name || 'Somebody';
  if (seat.asking) return `Waiting for ${holder}’s answer`;
  if (!seat.free) return seat.idle ? `${holder} has the keyboard, idle` : `${holder} types`;
  if (!mayType) return 'You may look, not type';
  return viewOnly ? 'View only' : 'Nobody types';
}

/** @param {SeatFacts} facts @returns {string} the line of the status strip */
export function seatWords(facts) {
  const { seat, connected } = facts;
  if (!connected) return '';
  const waiting = seat.askers.filter(({ mine }) => !mine).map(({ name }) => name || 'Somebody');
  const asks = waiting.length ? ` · ${waiting.join(', ')} ${waiting.length > 1 ? 'ask' : 'asks'} for it` : '';
  const others = seat.viewers > 1 ? ` · ${countWords(seat.viewers, 'viewer', 'viewers')}` : '';
  return mainWords(facts) + asks + others;
}

/** How idle the holder is. @param {Seats} seat @param {number} elapsed seconds since that was told */
export function idleWords({ idle, idleSeconds, idleLimit, mine }, elapsed) {
  if (!idle) return '';
  const left = Math.max(0, idleLimit - idleSeconds - elapsed);
  if (mine) return idleLimit ? `free in ${durationWords(left)} without a key` : '';
  return `for ${durationWords(idleSeconds + elapsed)}`;
}

/** @typedef {{label: string, action: import('./protocol.js').SeatAction}} SeatOffer */

/** What this page may do about it, the first one being the nearest. @param {SeatFacts} facts @returns {SeatOffer[]} */
export function seatOffers({ seat, connected, mayType, viewOnly }) {
  if (!connected || !mayType || viewOnly || seat.shared) return [];
  if (seat.mine) return [{ label: 'Release keyboard', action: 'release' }];
  if (seat.free) return [{ label: 'Take keyboard', action: 'request' }];
  /** @type {SeatOffer[]} */
  const takeOver = seat.mayTake ? [{ label: 'Take over', action: 'take' }] : [];
  if (seat.asking) return [{ label: 'Do not ask', action: 'release' }, ...takeOver];
  return [{ label: 'Ask for keyboard', action: 'request' }, ...takeOver];
}
