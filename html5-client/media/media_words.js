/* Drives, images and uploads in words. Pure. */

import { asSentence, kindWords, listWords, sizeWords, spanWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Drive} Drive */
/** @typedef {import('../parts/words.js').Tone} Tone */

/** @param {number} bytes a second */
const speedWords = (bytes) => `${sizeWords(bytes)}/s`;

/** @param {number} part @param {number} whole */
export const percentOf = (part, whole) => (whole > 0 ? Math.min(100, Math.floor((100 * part) / whole)) : 100);

/** @param {Drive} drive */
export const isFilled = ({ phase }) => phase !== 'empty' && phase !== 'ejected-by-target' && phase !== 'failed';

/** Where the medium comes from. @param {Drive} drive @param {boolean} here this page brings it */
export function originWords({ origin, url }, here) {
  switch (origin) {
    case 'stream':
      return here ? t('media.from.here') : t('media.from.elsewhere');
    case 'url':
    case 'nbd':
      return url ? t('media.from.url', { url }) : t('media.from.network');
    case 'library':
      return t('media.from.library');
    default:
      return '';
  }
}

/** Where from, size, protection, what was read. @param {Drive} drive @param {boolean} here this page brings it */
export function factWords(drive, here) {
  const { size, read_only: readOnly, overlay, changed, bytes_read: read, bytes_written: written, rate } = drive;
  const writing = readOnly ? 'read-only' : overlay === 'discard' || overlay === 'keep' ? overlay : 'writable';
  return [
    originWords(drive, here),
    sizeWords(size),
    t(`media.fact.${writing}`),
    t('media.fact.read', { size: sizeWords(read) }),
    written > 0 && t('media.fact.written', { size: sizeWords(written) }),
    changed > 0 && t('media.fact.changed', { size: sizeWords(changed) }),
    rate > 0 && speedWords(rate),
    drive.boot_once && t('media.fact.boot-once'),
  ].filter(Boolean).join(' · ');
}

/**
 * What is the matter with a medium that is in, and what helps.
 * @param {Drive} drive @param {import('./media_session.js').SessionState|null} served by this page
 * @returns {{text: string, tone: Tone}|null}
 */
export function linkWords(drive, served) {
  if (served?.trouble === 2) return { text: t('media.link.file-changed'), tone: 'danger' };
  if (served?.trouble === 1) return { text: t('media.link.file-unreadable'), tone: 'danger' };
  const paused = drive.paused && !/paused/i.test(drive.words) ? ` ${t('media.link.paused')}` : '';
  if (served?.phase === 'waiting') return { text: served.why + paused, tone: 'warn' };
  if (drive.link === 'waiting' || drive.link === 'lost')
    return { text: (asSentence(drive.words) || t(`media.link.${drive.link}`)) + paused, tone: drive.link === 'lost' ? 'danger' : 'warn' };
  if (drive.reason) return { text: asSentence(drive.reason), tone: 'danger' };
  const told = drive.copy !== null && /being copied/i.test(drive.words); // beside the bar
  return drive.words && !told ? { text: asSentence(drive.words), tone: '' } : null;
}

/** @param {Drive} drive @param {boolean} here this page brings it */
export function copyWords({ copy, origin }, here) {
  if (!copy) return origin === 'stream' && here ? t('media.copy.keep-tab') : '';
  if (copy.complete) return here ? t('media.copy.done-here') : t('media.copy.done');
  const values = { percent: percentOf(copy.done, copy.size), done: sizeWords(copy.done), size: sizeWords(copy.size) };
  return t(here ? 'media.copy.going-here' : 'media.copy.going', values);
}

/** Which there are words for; of the others the gateway says why. @type {import('./media_session.js').SessionEnd[]} */
const ENDS = ['ejected', 'copied', 'replaced', 'changed', 'right', 'target'];

/** @param {string} name of the file @param {import('./media_session.js').SessionState} state ended */
export function endWords(name, { end, why }) {
  return end && ENDS.includes(end) ? t(`media.end.${end}`, { name }) : asSentence(why) || t('media.end.other', { name });
}

/** @param {import('./media_api.js').Image} image */
export function imageWords({ size, usable, why, folder, in_use: inUse }) {
  if (!usable) return t('media.image.unusable', { why });
  return [folder ? t('media.image.folder') : '', sizeWords(size), inUse ? t('media.image.in-use') : ''].filter(Boolean).join(' · ');
}

/** What it starts. @param {import('./media_api.js').ImageFacts & {kind: 'cdrom'|'disk'}} facts */
export function bootWords({ firmware, boots, disk_boots: diskBoots, hybrid, kind }) {
  if (firmware) return asSentence(firmware);
  const as = (/** @type {'cdrom'|'disk'} */ what, /** @type {string[]} */ list) =>
    list?.length ? t('media.boots', { what: kindWords(what), machines: listWords(list.map((name) => name.toUpperCase())) }) : '';
  return asSentence([as(kind, boots), hybrid ? as('disk', diskBoots) : ''].filter(Boolean).join('; ')) || t('media.boots.nothing');
}

/** @param {import('./tus.js').TusState} state @param {number} size */
export function uploadWords(state, size) {
  const { phase, offset, rate, secondsLeft, unpacked, why, code } = state;
  const sum = t('media.upload.sum', { percent: percentOf(offset, size), size: sizeWords(size) });
  switch (phase) {
    case 'queued':
      return `${t('media.upload.queued')} · ${sizeWords(size)}`;
    case 'sending':
      return [sum, rate > 0 && speedWords(rate), secondsLeft !== null && t('media.upload.left', { time: spanWords(secondsLeft) })].filter(Boolean).join(' · ');
    case 'waiting':
      return `${sum} · ${why}`;
    case 'paused':
      return code ? `${sum} · ${why}` : t('media.upload.paused', { sum });
    case 'finishing':
      return unpacked > 0 ? t('media.upload.unpacking', { size: sizeWords(unpacked) }) : t('media.upload.checking');
    case 'done':
      return t('media.upload.done', { name: state.name });
    default:
      return why || t('media.upload.failed');
  }
}
