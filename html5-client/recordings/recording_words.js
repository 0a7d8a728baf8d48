/* Times and marks of recordings in words. Pure. */

import { language, t } from '../parts/messages.js';
import { sentenceWords } from '../parts/words.js';

/** @param {number} n */
const two = (n) => String(n).padStart(2, '0');

/** 1:02:03, or 2:03 below an hour. @param {number} ms */
export function lengthWords(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** The wall clock's time at a place of the recording. @param {number} began @param {number} ms */
export const clockWords = (began, ms) => new Date(began + ms).toLocaleTimeString(language());

/** @param {number} began */
export const dateWords = (began) => new Date(began).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'short' });

/** @param {import('./recordings_api.js').Mark} mark */
export function markWords(mark) {
  const time = lengthWords(mark.at);
  return t(`recordings.mark-${mark.kind}`, { time, mode: `${mark.width ?? 0} × ${mark.height ?? 0}` });
}

/** @param {import('./recordings_api.js').Recording} recording */
export const kindWords = ({ kind, every }) => (kind === 'video' ? t('recordings.film') : t('recordings.pictures-every', { count: every ?? 0 }));

/** Why it ended where nobody asked for that, else ''. @param {import('./recordings_api.js').Recording} recording */
export const endedWords = ({ ended, end }) => (end ? sentenceWords(`recordings.ended.${end.id}`, end.args, ended) : ended);

/**
 * The mark in front of or behind a place; null: none. Those that are nearer than half a second count as where we are.
 * @param {{at: number}[]} marks rising @param {number} at @param {1|-1} way
 */
export function nextMark(marks, at, way) {
  const found = way > 0 ? marks.find((mark) => mark.at > at + 500) : marks.filter((mark) => mark.at < at - 500).at(-1);
  return found ?? null;
}

/** Where a key leads on the time line; null: it means nothing there. @param {string} key @param {boolean} far @param {number} at @param {number} duration */
export function placeAfterKey(key, far, at, duration) {
  const step = far ? 30000 : 5000;
  const places = /** @type {Record<string, number>} */ ({ ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, PageDown: at - duration / 10, PageUp: at + duration / 10, Home: 0, End: duration });
  return key in places ? Math.max(0, Math.min(duration, places[key])) : null;
}
