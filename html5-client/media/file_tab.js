/* This computer: a file that is picked or dropped, to be inserted as it is or uploaded; several, or folders, to be uploaded. */

import { h, setText } from '../parts/dom.js';
import { pickedFolders } from './dropped_files.js';
import { icon } from '../parts/icons.js';
import { identity } from '../app/identity.js';
import { isPacked, libraryName } from './tus.js';
import { sizeWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./dropped_files.js').Dropped} Dropped */

/** @param {File[]} files */
const sumOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

export class FileTab {
  #input = h('input', { type: 'file', multiple: true, hidden: true, 'data-for': 'media' });
  #folderInput = h('input', { type: 'file', webkitdirectory: true, hidden: true });
  #picked = h('div', { class: 'picked', hidden: true });
  #name = h('p', { class: 'picked-name' });
  #note = h('p', { class: 'small dim' });
  #upload = h('button', { type: 'button', class: 'button small', onclick: () => this.#uploadNow() }, t('media.upload-to-library'));
  element = h('div', { class: 'way' });
  /** @type {Dropped} */
  #dropped = { files: [], folders: [], url: '' };

  /** @param {{changed: () => void, upload: (dropped: Dropped) => void}} calls */
  constructor(calls) {
    this.calls = calls;
    const library = identity.can('library');
    const pick = h('button', { type: 'button', class: 'button', onclick: () => this.#input.click() }, icon('file'), library ? t('media.choose-files') : t('media.choose-file'));
    const folder = h('button', { type: 'button', class: 'button quiet', hidden: !library, onclick: () => this.#folderInput.click() }, t('media.choose-folder'));
    const hint = library ? t('media.drop-files') : t('media.drop-one');
    this.#input.addEventListener('change', () => this.take({ files: [...(this.#input.files ?? [])], folders: [], url: '' }));
    this.#folderInput.addEventListener('change', () => this.take({ files: [], folders: pickedFolders(this.#folderInput.files ?? []), url: '' }));
    this.#picked.append(icon('file'), h('div', { class: 'picked-words' }, this.#name, this.#note), this.#upload);
    this.element.append(
      h('div', { class: 'drop-here' }, h('div', { class: 'drop-buttons' }, pick, folder), h('p', { class: 'small dim' }, hint)),
      this.#picked, this.#input, this.#folderInput,
    );
  }

  /** The one file that can be inserted. */
  get file() {
    const { files, folders } = this.#dropped;
    return files.length === 1 && !folders.length && files[0].size && !isPacked(files[0].name) ? files[0] : null;
  }

  /** Opens the browser's own dialog. */
  pick() {
    this.#input.click();
  }

  /** @param {Dropped} dropped */
  take(dropped) {
    this.#input.value = this.#folderInput.value = '';
    const { files, folders } = dropped;
    if (!files.length && !folders.length) return;
    this.#dropped = dropped;
    this.#show();
    this.calls.changed();
  }

  clear() {
    this.#dropped = { files: [], folders: [], url: '' };
    this.#show();
    this.calls.changed();
  }

  #show() {
    const { files, folders } = this.#dropped;
    const all = [...files, ...folders.flatMap((folder) => folder.files)];
    this.#picked.hidden = !all.length && !folders.length;
    const names = [...files, ...folders].map(({ name }) => name);
    setText(this.#name, names.length > 3 ? t('media.names-more', { names: names.slice(0, 2).join(', '), count: names.length - 2 }) : names.join(', '));
    setText(this.#note, t('media.picked-note', { size: sizeWords(sumOf(all)), words: this.#noteWords() }));
    this.#upload.hidden = !identity.can('library') || (!folders.length && files.every(({ size }) => !size));
  }

  #noteWords() {
    const { files, folders } = this.#dropped;
    const library = identity.can('library');
    const skipped = folders.reduce((sum, folder) => sum + folder.skipped, 0);
    const left = skipped ? ` ${t('media.skipped', { count: skipped })}` : '';
    if (folders.length) return t('media.becomes-disk', { count: folders.reduce((sum, folder) => sum + folder.files.length, 0) }) + left;
    if (files.length > 1) return library ? t('media.several-upload') : t('media.several-one');
    if (files[0]?.size === 0) return t('media.empty-file');
    if (files[0] && isPacked(files[0].name))
      return library ? t('media.packed-upload', { name: libraryName(files[0].name) }) : t('media.packed-here');
    return t('media.as-is');
  }

  #uploadNow() {
    const dropped = this.#dropped;
    this.clear();
    this.calls.upload(dropped);
  }
}
