/* Virtual media: the target's drives, and the library to fill them from. */

import { sentence } from './api.js';
import { mediaApi } from './media_api.js';
import { openDialog } from './dialog.js';
import { h, newId, setText } from './dom.js';
import { DriveRow } from './drive_row.js';
import { identity } from './identity.js';
import { ImagePicker } from './image_picker.js';

/** @typedef {import('./api.js').Drive} Drive */

const POLL_MS = 2000;

export class MediaDialog {
  #id = newId('media');
  #drives = h('ul', { class: 'drives', 'aria-label': 'Drives' });
  /** @type {Map<number, DriveRow>} */
  #rows = new Map();
  #picker = new ImagePicker(() => this.#enable());
  #drive = h('select', { class: 'input', 'aria-label': 'Drive' });
  #kind = h(
    'select',
    { class: 'input', 'aria-label': 'Insert as' },
    h('option', { value: '' }, 'By its type'),
    h('option', { value: 'cdrom' }, 'As CD'),
    h('option', { value: 'disk' }, 'As USB disk'),
  );
  #readOnly = h('input', { type: 'checkbox', checked: true, id: `${this.#id}-ro` });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #foot = h('div', { class: 'insert', hidden: true });
  #insert = h('button', { class: 'button primary', type: 'button', disabled: true, onclick: () => this.#insertNow() }, 'Insert');
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;

  /** @param {string} target @param {() => void} closed */
  constructor(target, closed) {
    this.target = target;
    this.closed = closed;
    this.allowed = identity.can('media');
  }

  open() {
    const readOnly = h('label', { class: 'check small', for: `${this.#id}-ro` }, this.#readOnly, 'Read-only');
    this.#foot.append(this.#drive, this.#kind, readOnly, this.#insert);
    openDialog({
      title: `Virtual media of ${this.target}`,
      body: [this.#drives, this.#message, this.#picker.element],
      foot: [this.#foot],
      onclose: () => {
        clearInterval(this.#timer);
        this.closed();
      },
    });
    this.#timer = setInterval(() => this.refresh(), POLL_MS);
    this.refresh();
    if (this.allowed) this.#loadImages();
  }

  async refresh() {
    try {
      this.#show(await mediaApi.drives(this.target));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  async #loadImages() {
    try {
      this.#picker.show((await mediaApi.library()).images);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {Drive[]} drives */
  #show(drives) {
    for (const drive of drives) this.#row(drive.index).show(drive);
    this.#picker.element.hidden = this.#foot.hidden = !this.allowed || !drives.length;
    if (!drives.length) this.#drives.replaceChildren(h('li', { class: 'dim small' }, 'This target has no virtual drives.'));
    if (this.#drive.options.length !== drives.length) {
      this.#drive.replaceChildren(...drives.map(({ index }) => h('option', { value: index }, `Into drive ${index}`)));
      const empty = drives.find(({ phase }) => phase !== 'inserted');
      if (empty) this.#drive.value = String(empty.index);
    }
    this.#enable();
  }

  /** @param {number} index */
  #row(index) {
    let row = this.#rows.get(index);
    if (!row) {
      row = new DriveRow((force) => this.#change(mediaApi.eject(this.target, index, force)), this.allowed);
      this.#rows.set(index, row);
      this.#drives.append(row.element);
    }
    return row;
  }

  #enable() {
    this.#insert.disabled = !this.#picker.chosen || !this.#drive.value;
  }

  #insertNow() {
    const image = this.#picker.chosen;
    if (!image) return;
    const kind = /** @type {'cdrom'|'disk'|undefined} */ (this.#kind.value || undefined);
    return this.#change(mediaApi.insert(this.target, Number(this.#drive.value), { image, kind, read_only: this.#readOnly.checked, overlay: 'none', boot_once: false, copy: false }));
  }

  /** @param {Promise<unknown>} change */
  async #change(change) {
    setText(this.#message, '');
    this.#insert.setAttribute('aria-busy', 'true');
    try {
      await change;
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#insert.removeAttribute('aria-busy');
    await this.refresh();
  }
}
