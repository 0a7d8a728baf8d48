/* The library: what is in it, what the chosen image is, room, and the ways to put more into it. */

import { sentence } from '../api.js';
import { askDialog } from '../parts/ask_dialog.js';
import { h, setText } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { ImageDetails } from './image_details.js';
import { ImagePicker } from './image_picker.js';
import { mediaApi } from './media_api.js';
import { UPLOAD_DONE, uploads } from './uploads.js';
import { sizeWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

export class LibraryTab {
  #picker = new ImagePicker(() => this.#chosen());
  #details = new ImageDetails((name) => void this.#changed(name));
  #room = h('p', { class: 'small dim' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #listener = () => void this.refresh();
  element;

  /** @param {{changed: () => void, pick: () => void}} calls pick: opens the choice of files */
  constructor(calls) {
    this.calls = calls;
    const may = identity.can('library');
    const upload = h('button', { type: 'button', class: 'button small', hidden: !may, onclick: calls.pick }, t('media.upload-more'));
    const folder = h('button', { type: 'button', class: 'button small quiet', hidden: !may, onclick: () => void this.#makeFolder() }, t('media.new-folder-more'));
    this.element = h(
      'div',
      { class: 'way' },
      this.#picker.element, this.#details.element, this.#message,
      h('div', { class: 'library-foot' }, this.#room, h('div', { class: 'library-buttons' }, folder, upload)),
    );
    uploads.addEventListener(UPLOAD_DONE, this.#listener);
  }

  close() {
    this.#details.close();
    uploads.removeEventListener(UPLOAD_DONE, this.#listener);
  }

  /** The image that can be inserted. */
  get image() {
    return this.#picker.image;
  }

  /** @param {string} name */
  async choose(name) {
    if (this.#picker.choose(name)) return;
    await this.refresh();
    if (!this.#picker.choose(name)) setText(this.#message, t('media.not-there', { name }));
  }

  async refresh() {
    try {
      const { images, free, total } = await mediaApi.library();
      this.#picker.show(images, t(identity.can('library') ? 'media.empty-may' : 'media.empty-may-not'));
      setText(this.#room, total ? t('media.free', { free: sizeWords(free), total: sizeWords(total) }) : '');
      setText(this.#message, '');
      this.calls.changed();
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  #chosen() {
    void this.#details.show(this.#picker.chosen);
    this.calls.changed();
  }

  /** @param {string|null} name */
  async #changed(name) {
    if (name !== null) this.#picker.chosen = name;
    await this.refresh();
    void this.#details.show(this.#picker.chosen);
  }

  async #makeFolder() {
    const hint = t('media.new-folder-hint');
    const run = (/** @type {string} */ name) => mediaApi.makeFolder(name);
    if (await askDialog({ title: t('media.new-folder'), label: t('media.name'), value: '', action: t('media.create'), hint, run })) await this.refresh();
  }
}
