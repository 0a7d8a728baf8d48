/* Puts what was chosen into a drive, whichever way it comes; what is in it is taken out first. */

import { ApiError } from '../api.js';
import { identity } from '../app/identity.js';
import { mediaApi } from './media_api.js';
import { endWords, isFilled } from './media_words.js';
import { rememberMedium } from './recent_media.js';
import { servedFiles } from './served_files.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Drive} Drive */
/** @typedef {import('./media_api.js').InsertOptions} InsertOptions */
/** @typedef {{sort: 'image', name: string} | {sort: 'file', file: File} | {sort: 'url', address: import('./media_api.js').Address}} Choice */

const EMPTY_MS = 20000;
const POLL_MS = 250;

/** @param {string} target @param {Drive} drive @param {Choice} choice @param {InsertOptions} options */
export async function insertMedium(target, drive, choice, options) {
  const { index } = drive;
  if (isFilled(drive)) await empty(target, index);
  const user = identity.session?.user ?? '';
  switch (choice.sort) {
    case 'image':
      await mediaApi.insert(target, index, { image: choice.name, ...options });
      return rememberMedium(user, choice);
    case 'url':
      await mediaApi.insert(target, index, { ...choice.address, ...options });
      return rememberMedium(user, { sort: 'url', name: choice.address.url });
    case 'file':
      await serve({ target, drive: index, file: choice.file, id: null, options: streamOptions(options) });
      return rememberMedium(user, { sort: 'file', name: choice.file.name });
  }
}

/**
 * A file that a drive waits for is brought again.
 * @param {string} target @param {Drive} drive @param {File} file
 */
export function bringAgain(target, drive, file) {
  const options = streamOptions({ read_only: drive.read_only, overlay: drive.overlay, boot_once: drive.boot_once, copy: drive.copy !== null, kind: drive.kind });
  const key = servedFiles.of(target, drive.index)?.key;
  if (key !== undefined) servedFiles.withdraw(key);
  return serve({ target, drive: drive.index, file, id: drive.id, options });
}

/** @param {import('./media_session.js').MediaStart} start */
async function serve(start) {
  const state = await servedFiles.settled(servedFiles.serve(start));
  if (state.phase === 'ended') throw new ApiError(0, state.end ?? '', endWords(start.file.name, state));
}

/** @param {InsertOptions} options @returns {import('./media_session.js').StreamOptions} */
function streamOptions({ kind, read_only: readOnly, overlay, boot_once: bootOnce, copy, rate }) {
  return { kind: kind ?? '', overlay, writable: !readOnly, copy, bootOnce, rate: rate ?? 0 };
}

/** @param {string} target @param {number} index */
async function empty(target, index) {
  await mediaApi.eject(target, index, false);
  const end = performance.now() + EMPTY_MS;
  for (;;) {
    const drive = (await mediaApi.drives(target)).find((one) => one.index === index);
    if (!drive || !isFilled(drive)) return;
    if (drive.phase === 'inserted' && drive.reason) throw new ApiError(0, 'eject', drive.reason);
    if (performance.now() > end) throw new ApiError(0, 'eject', t('media.not-let-go', { index }));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
