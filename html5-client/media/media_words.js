/* Drives, images and uploads in words. Pure. */

import { asSentence, kindWords, sizeWords } from '../parts/words.js';

/** @typedef {import('./media_api.js').Drive} Drive */
/** @typedef {import('../parts/words.js').Tone} Tone */

/** @param {number} seconds */
export function timeWords(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} bytes a second */
export const speedWords = (bytes) => `${sizeWords(bytes)}/s`;

/** @param {number} part @param {number} whole */
export const percentOf = (part, whole) => (whole > 0 ? Math.min(100, Math.floor((100 * part) / whole)) : 100);

/** @param {Drive} drive */
export const isFilled = ({ phase }) => phase !== 'empty' && phase !== 'ejected-by-target' && phase !== 'failed';

/** Where the medium comes from. @param {Drive} drive @param {boolean} here this page brings it */
export function originWords({ origin, url }, here) {
  switch (origin) {
    case 'stream':
      return here ? 'From this computer' : 'From the computer that inserted it';
    case 'url':
    case 'nbd':
      return url ? `From ${url}` : 'From the network';
    case 'library':
      return 'From the library';
    default:
      return '';
  }
}

/** Where from, size, protection, what was read. @param {Drive} drive @param {boolean} here this page brings it */
export function factWords(drive, here) {
  const { size, read_only: readOnly, overlay, changed, bytes_read: read, bytes_written: written, rate } = drive;
  const overlaid = { discard: 'changes are thrown away', keep: 'changes are kept apart' }[/** @type {string} */ (overlay)];
  return [
    originWords(drive, here),
    sizeWords(size),
    readOnly ? 'read-only' : overlaid ? `writable, ${overlaid}` : 'writable',
    `${sizeWords(read)} read`,
    written > 0 && `${sizeWords(written)} written`,
    changed > 0 && `${sizeWords(changed)} changed`,
    rate > 0 && speedWords(rate),
    drive.boot_once && 'boots from it once',
  ].filter(Boolean).join(' · ');
}

/** @type {Partial<Record<Drive['link'], string>>} */
const LINKS = {
  waiting: 'The source does not answer. The target’s reads wait for it.',
  lost: 'The source was away for too long, and reads failed. The medium is whole again when it returns.',
};

/**
 * What is the matter with a medium that is in, and what helps.
 * @param {Drive} drive @param {import('./media_session.js').SessionState|null} served by this page
 * @returns {{text: string, tone: Tone}|null}
 */
export function linkWords(drive, served) {
  if (served?.trouble === 2) return { text: 'The file has changed on this computer, or can no longer be read. Pick it again.', tone: 'danger' };
  if (served?.trouble === 1) return { text: 'Part of the file cannot be read on this computer: the target gets a medium error there.', tone: 'danger' };
  const paused = drive.paused && !/paused/i.test(drive.words) ? ' The machine is paused until then.' : '';
  if (served?.phase === 'waiting') return { text: served.why + paused, tone: 'warn' };
  if (drive.link === 'waiting' || drive.link === 'lost')
    return { text: (asSentence(drive.words) || LINKS[drive.link] || '') + paused, tone: drive.link === 'lost' ? 'danger' : 'warn' };
  if (drive.reason) return { text: asSentence(drive.reason), tone: 'danger' };
  const told = drive.copy !== null && /being copied/i.test(drive.words); // beside the bar
  return drive.words && !told ? { text: asSentence(drive.words), tone: '' } : null;
}

/** @param {Drive} drive @param {boolean} here this page brings it */
export function copyWords({ copy, origin }, here) {
  if (!copy) return origin === 'stream' && here ? 'Keep this tab open while the target uses the file.' : '';
  if (copy.complete) return here ? 'Copied to the library: you may close this tab.' : 'Copied to the library.';
  const sum = `${percentOf(copy.done, copy.size)} %, ${sizeWords(copy.done)} of ${sizeWords(copy.size)}`;
  return `Being copied to the library: ${sum}.${here ? ' Keep this tab open until then.' : ''}`;
}

/** @type {Partial<Record<import('./media_session.js').SessionEnd, string>>} */
const ENDS = {
  ejected: 'was taken out of its drive.',
  copied: 'is in the library now. This tab is no longer needed for it.',
  replaced: 'is brought by another page now.',
  changed: 'is not the file that was in the drive.',
  right: 'is no longer brought: you may not use this target’s media any more.',
  target: 'is no longer brought: the target is gone.',
};

/** @param {string} name of the file @param {import('./media_session.js').SessionState} state ended */
export function endWords(name, { end, why }) {
  const words = end ? ENDS[end] : undefined;
  return words ? `“${name}” ${words}` : asSentence(why) || `“${name}” could not be brought to the target.`;
}

/** @param {import('./media_api.js').Image} image */
export function imageWords({ size, usable, why, folder, in_use: inUse }) {
  if (!usable) return `Not usable: ${why}`;
  return [folder ? 'folder' : '', sizeWords(size), inUse ? 'in use' : ''].filter(Boolean).join(' · ');
}

/** What it starts. @param {import('./media_api.js').ImageFacts & {kind: 'cdrom'|'disk'}} facts */
export function bootWords({ firmware, boots, disk_boots: diskBoots, hybrid, kind }) {
  if (firmware) return asSentence(firmware);
  const as = (/** @type {'cdrom'|'disk'} */ what, /** @type {string[]} */ list) =>
    list?.length ? `${kindWords(what)} that starts ${list.map((name) => name.toUpperCase()).join(' and ')} machines` : '';
  return asSentence([as(kind, boots), hybrid ? as('disk', diskBoots) : ''].filter(Boolean).join('; ')) || 'Nothing to start from was found.';
}

/** @param {import('./tus.js').TusState} state @param {number} size */
export function uploadWords(state, size) {
  const { phase, offset, rate, secondsLeft, unpacked, why, code } = state;
  const sum = `${percentOf(offset, size)} % of ${sizeWords(size)}`;
  switch (phase) {
    case 'queued':
      return `Waits for its turn · ${sizeWords(size)}`;
    case 'sending':
      return [sum, rate > 0 && speedWords(rate), secondsLeft !== null && `${timeWords(secondsLeft)} left`].filter(Boolean).join(' · ');
    case 'waiting':
      return `${sum} · ${why}`;
    case 'paused':
      return code ? `${sum} · ${why}` : `Paused at ${sum}`;
    case 'finishing':
      return unpacked > 0 ? `Being unpacked: ${sizeWords(unpacked)} so far` : 'Being checked …';
    case 'done':
      return `In the library as ${state.name}`;
    default:
      return why || 'It failed.';
  }
}
