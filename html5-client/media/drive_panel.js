/* The drives of a target as rows of the media dialog, and what the buttons of a row do. */

import { sentence } from '../api.js';
import { askDialog } from '../parts/ask_dialog.js';
import { confirmDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { DriveRow } from './drive_row.js';
import { mediaApi } from './media_api.js';
import { openRepickDialog } from './repick.js';
import { servedFiles } from './served_files.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Drive} Drive */

export class DrivePanel {
  element = h('ul', { class: 'drives', 'aria-label': t('media.drives') });
  /** @type {Map<number, DriveRow>} */
  #rows = new Map();
  /** @type {Drive[]} */
  #drives = [];

  /** @param {string} target @param {{media: boolean, library: boolean}} may @param {(message: string) => void} say '': nothing is wrong */
  constructor(target, may, say) {
    this.target = target;
    this.may = may;
    this.say = say;
  }

  get any() {
    return this.#drives.length > 0;
  }

  /** @param {number} index */
  drive(index) {
    return this.#drives.find((drive) => drive.index === index) ?? null;
  }

  /** An eject was refused. @param {number} index */
  refused(index) {
    this.#rows.get(index)?.refused();
  }

  /** @param {Drive[]} drives */
  show(drives) {
    this.#drives = drives;
    for (const drive of drives) {
      const served = servedFiles.brings(this.target, drive) ? servedFiles.of(this.target, drive.index) : null;
      this.#row(drive.index).show(drive, served, servedFiles.brought(this.target, drive.index));
    }
    if (!drives.length) this.element.replaceChildren(h('li', { class: 'dim small' }, t('media.no-drives')));
  }

  showAgain() {
    this.show(this.#drives);
  }

  /** @param {number} index */
  #row(index) {
    let row = this.#rows.get(index);
    if (!row) {
      const calls = {
        eject: (/** @type {boolean} */ force) => void this.#eject(index, force),
        repick: () => openRepickDialog(this.target, index),
        exportOverlay: () => void this.#exportOverlay(index),
        discardOverlay: () => void this.#discardOverlay(index),
      };
      row = new DriveRow(calls, this.may);
      this.#rows.set(index, row);
      this.element.append(row.element);
    }
    return row;
  }

  /** @param {number} index @param {boolean} force */
  async #eject(index, force) {
    const before = this.drive(index);
    if (force) {
      const text = t('media.force-text', { name: before?.medium ?? t('media.the-medium') });
      if (!(await confirmDialog({ title: t('media.force-title', { index }), text, action: t('media.force') }))) return;
    }
    await this.#change(mediaApi.eject(this.target, index, force), () => this.refused(index));
  }

  /** @param {number} index */
  async #exportOverlay(index) {
    const medium = this.drive(index)?.medium ?? '';
    const value = medium.replace(/(\.[^.]*)?$/, (ending) => `-changed${ending}`);
    const hint = t('media.save-hint');
    const run = (/** @type {string} */ name) => mediaApi.overlay(this.target, index, { action: 'export', name });
    if (await askDialog({ title: t('media.save-changes'), label: t('media.save-name'), value, action: t('media.save'), hint, run })) this.say('');
  }

  /** @param {number} index */
  async #discardOverlay(index) {
    const text = t('media.discard-text');
    if (!(await confirmDialog({ title: t('media.discard-title'), text, action: t('media.discard') }))) return;
    await this.#change(mediaApi.overlay(this.target, index, { action: 'discard' }));
  }

  /** @param {Promise<unknown>} change @param {() => void} [failed] */
  async #change(change, failed = () => {}) {
    this.say('');
    try {
      await change;
    } catch (error) {
      failed();
      this.say(sentence(error));
    }
    await mediaApi.drives(this.target).then((drives) => this.show(drives), () => {});
  }
}
