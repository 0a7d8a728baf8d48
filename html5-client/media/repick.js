/* A file that a drive waits for is picked again: after a reload the page does not have it any more. Asked for once by a
 * notice when the console opens, and by the drive's own button. */

import { sentence } from '../api.js';
import { openDialog } from '../parts/dialog.js';
import { h, setText } from '../parts/dom.js';
import { attachDrop } from '../parts/drop_zone.js';
import { differenceWords, rememberedFile } from './file_memory.js';
import { identity } from '../app/identity.js';
import { bringAgain } from './insert_medium.js';
import { mediaApi } from './media_api.js';
import { notice } from '../parts/notices.js';
import { servedFiles } from './served_files.js';
import { dateWords, sizeWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Drive} Drive */

/** @param {string} target @param {Drive} drive its file was brought by a browser, and nobody brings it now */
const waits = (target, drive) =>
  drive.phase === 'inserted' && drive.origin === 'stream' && drive.link !== 'good' && !servedFiles.brings(target, drive);

/** @param {Drive} drive what is known of its file */
function wantedOf({ medium, size, id }) {
  const known = id ? rememberedFile(id) : null;
  return { name: known?.name ?? medium ?? t('media.repick.file'), size: known?.size ?? size, modified: known?.modified };
}

/** @param {string} target @param {number} index */
export async function openRepickDialog(target, index) {
  const drive = await mediaApi.drives(target).then((drives) => drives.find((one) => one.index === index), () => undefined);
  if (!drive) return;
  const wanted = wantedOf(drive);
  const message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  const input = h('input', { type: 'file', hidden: true, 'data-for': 'repick' });
  const pick = h('button', { type: 'button', class: 'button primary', autofocus: true, onclick: () => input.click() }, t('media.repick.pick', { name: wanted.name }));
  const values = { index, target, size: sizeWords(wanted.size) };
  const waiting = wanted.modified === undefined ? t('media.repick.waits', values) : t('media.repick.waits-from', { ...values, time: dateWords(wanted.modified) });
  const dialog = openDialog({
    title: t('media.repick.title', { name: wanted.name }),
    body: [
      h('p', {}, waiting),
      h('p', { class: 'small dim' }, t('media.repick.compared')),
      message, input,
    ],
    foot: [pick],
  });
  input.addEventListener('change', () => void take(input.files?.[0]));
  attachDrop(dialog, () => true, ({ files }) => void take(files[0]));

  /** @param {File|undefined} file */
  async function take(file) {
    input.value = '';
    if (!file || !drive) return;
    setText(message, differenceWords(file, wanted));
    if (message.textContent) return;
    pick.setAttribute('aria-busy', 'true');
    try {
      await bringAgain(target, drive, file);
      dialog.close();
    } catch (error) {
      setText(message, sentence(error));
    }
    pick.removeAttribute('aria-busy');
  }
}

/** The notice of one console. */
export class RepickOffer {
  #told = new Set();
  #remove = () => {};

  /** @param {string} target */
  constructor(target) {
    this.target = target;
  }

  /** @param {Drive[]} drives */
  show(drives) {
    if (!identity.can('media', this.target)) return;
    const waiting = drives.filter((drive) => drive.id && rememberedFile(drive.id) && waits(this.target, drive));
    if (!waiting.length) this.#remove();
    for (const drive of waiting) {
      if (this.#told.has(drive.id)) continue;
      this.#told.add(drive.id);
      const text = t('media.repick.notice', { target: this.target, name: drive.medium ?? '', index: drive.index });
      this.#remove = notice(text, '', [{ label: t('media.repick.again'), run: () => void openRepickDialog(this.target, drive.index) }]);
    }
  }

  remove() {
    this.#remove();
  }
}
