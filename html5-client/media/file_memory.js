/* What this browser knows of files that it brought: their size and time, by the id that the gateway gave. So that a
 * file that is picked again after a reload can be told from another of the same name. Nothing of their content. */

import { language, t } from '../parts/messages.js';

const KEY = 'lightsout-files';
const KEPT = 32;

/** @typedef {{id: string, name: string, size: number, modified: number}} Remembered */

/** @returns {Remembered[]} */
function all() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** @param {Remembered[]} list */
function keep(list) {
  try {
    localStorage.setItem(KEY, JSON.stringify(list.slice(0, KEPT)));
  } catch {
    // a browser that keeps nothing: the gateway compares by itself
  }
}

/** @param {string} id @param {File} file */
export function rememberFile(id, { name, size, lastModified }) {
  keep([{ id, name, size, modified: lastModified }, ...all().filter((one) => one.id !== id)]);
}

/** @param {string} id */
export const rememberedFile = (id) => all().find((one) => one.id === id) ?? null;

/** @param {string} id */
export const forgetFile = (id) => keep(all().filter((one) => one.id !== id));

/** To the second. @param {number} time */
const exactTime = (time) => new Date(time).toLocaleString(language());

/**
 * Why this cannot be the file that is wanted; '': it can.
 * @param {File} file @param {{name: string, size: number, modified?: number}} wanted
 */
export function differenceWords(file, wanted) {
  if (file.size !== wanted.size)
    return t('media.differs.size', { name: file.name, size: file.size, wanted: wanted.name, wantedSize: wanted.size });
  if (wanted.modified !== undefined && wanted.modified !== file.lastModified)
    return t('media.differs.time', { name: file.name, time: exactTime(file.lastModified), wantedTime: exactTime(wanted.modified) });
  return '';
}
