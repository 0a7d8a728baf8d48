/* How the seat stands, in words. Pure. */

import { t } from '../../parts/messages.js';
import { listWords } from '../../parts/words.js';

/** @typedef {import('../session/protocol.js').Seats} Seats */
/**
 * @typedef {object} SeatFacts
 * @property {Seats} seat
 * @property {boolean} connected
 * @property {boolean} mayType
 * @property {boolean} viewOnly
 * @property {boolean} captured the picture has the focus
 * @property {boolean} picture there is one to click
 * @property {boolean} [listed] the viewers are told elsewhere
 */

/** @param {number} seconds */
export function durationWords(seconds) {
  if (seconds < 90) return t('picture.seconds', { count: Math.round(seconds) });
  if (seconds < 5400) return t('picture.minutes', { count: Math.round(seconds / 60) });
  return t('picture.hours', { count: Math.round(seconds / 3600) });
}

/** @param {SeatFacts} facts */
function mainWords({ seat, captured, picture, mayType, viewOnly }) {
  if (seat.shared && (!mayType || viewOnly)) return t('picture.seat-all');
  if (seat.mine || seat.shared) {
    const words = t(captured ? 'picture.seat-captured' : picture ? 'picture.seat-click' : 'picture.seat-have');
    return seat.shared ? t('picture.seat-shared', { words }) : words;
  }
  const name = seat.name || t('picture.somebody');
  if (seat.asking) return t('picture.seat-waiting', { name });
  if (!seat.free) return t(seat.idle ? 'picture.seat-idle-holder' : 'picture.seat-types', { name });
  if (!mayType) return t('picture.seat-look');
  return t(viewOnly ? 'picture.seat-view-only' : 'picture.seat-nobody');
}

/** @param {SeatFacts} facts @returns {string} the line of the status strip */
export function seatWords(facts) {
  const { seat, connected } = facts;
  if (!connected) return '';
  const waiting = seat.askers.filter(({ mine }) => !mine).map(({ name }) => name || t('picture.somebody'));
  const asks = waiting.length ? ` · ${t('picture.seat-asks', { count: waiting.length, names: listWords(waiting) })}` : '';
  const others = seat.viewers > 1 && !facts.listed ? ` · ${t('picture.viewers', { count: seat.viewers })}` : '';
  return mainWords(facts) + asks + others;
}

/** Seconds before a seat is lost that its holder is told of it. */
const SOON = 120;

/** How idle the holder is. @param {Seats} seat @param {number} elapsed seconds since that was told */
export function idleWords({ idle, idleSeconds, idleLimit, mine }, elapsed) {
  if (!idle) return '';
  const left = Math.max(0, idleLimit - idleSeconds - elapsed);
  if (mine) return idleLimit && left <= SOON ? t('picture.seat-free-in', { time: durationWords(left) }) : '';
  return t('picture.seat-idle-for', { time: durationWords(idleSeconds + elapsed) });
}

/** @typedef {{label: string, action: import('../session/protocol.js').SeatAction}} SeatOffer */

/** What this page may do about it, the first one being the nearest. @param {SeatFacts} facts @returns {SeatOffer[]} */
export function seatOffers({ seat, connected, mayType, viewOnly }) {
  if (!connected || !mayType || viewOnly || seat.shared) return [];
  if (seat.mine) return [{ label: t('picture.seat-release'), action: 'release' }];
  if (seat.free) return [{ label: t('picture.seat-take'), action: 'request' }];
  /** @type {SeatOffer[]} */
  const takeOver = seat.mayTake ? [{ label: t('picture.seat-take-over'), action: 'take' }] : [];
  if (seat.asking) return [{ label: t('picture.seat-do-not-ask'), action: 'release' }, ...takeOver];
  return [{ label: t('picture.seat-ask'), action: 'request' }, ...takeOver];
}
