/* The drives of a target as rows of the media dialog, and what the buttons of a row do. */

import { sentence } from '../api.js';
import { askDialog } from '../parts/ask_dialog.js';
import { confirmDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { DriveRow } from './drive_row.js';
import { mediaApi } from './media_api.js';
import { openRepickDialog } from './repick.js';
import { servedFiles } from './served_files.js';

/** @typedef {import('./media_api.js').Drive} Drive */

export class DrivePanel {
  element = h('ul', { class: 'drives', 'aria-label': 'Drives' });
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
    if (!drives.length) this.element.replaceChildren(h('li', { class: 'dim small' }, 'This target has no virtual drives.'));
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
      const text = `The target may be using “${before?.medium ?? 'the medium'}”: what it does with it fails.`;
      if (!(await confirmDialog({ title: `Force drive ${index} to eject?`, text, action: 'Force' }))) return;
    }
    await this.#change(mediaApi.eject(this.target, index, force), () => this.refused(index));
  }

  /** @param {number} index */
  async #exportOverlay(index) {
    const medium = this.drive(index)?.medium ?? '';
    const value = medium.replace(/(\.[^.]*)?$/, (ending) => `-changed${ending}`);
    const hint = 'A new image of the library: what is in the drive, with what the target has written.';
    const run = (/** @type {string} */ name) => mediaApi.overlay(this.target, index, { action: 'export', name });
    if (await askDialog({ title: 'Save changes', label: 'Name of the new image', value, action: 'Save', hint, run })) this.say('');
  }

  /** @param {number} index */
  async #discardOverlay(index) {
    const text = 'What the target has written is thrown away; the image below it stays as it is.';
    if (!(await confirmDialog({ title: 'Discard the kept changes?', text, action: 'Discard' }))) return;
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
