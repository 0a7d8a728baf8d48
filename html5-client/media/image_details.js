/* What the chosen image of the library is: what firmware will see of it, its checksum; and what can be done with it. */

import { ApiError, sentence } from '../api.js';
import { askDialog } from '../parts/ask_dialog.js';
import { confirmDialog } from '../parts/dialog.js';
import { h, setText } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { imageAddress, mediaApi } from './media_api.js';
import { bootWords, percentOf } from './media_words.js';
import { sizeWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Image & import('./media_api.js').ImageFacts} Details */

const POLL_MS = 1000;

/** @param {string} label @param {() => void} run */
const button = (label, run) => h('button', { type: 'button', class: 'button small quiet', onclick: run }, label);

export class ImageDetails {
  #firmware = h('p', { class: 'small' });
  #facts = h('p', { class: 'small dim' });
  #sum = h('p', { class: 'small dim sum' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #rename = button(t('media.rename-more'), () => void this.#renameNow());
  #remove = button(t('media.delete-more'), () => void this.#removeNow());
  #count = button(t('media.count-sum'), () => void this.#countNow());
  #download = h('a', { class: 'button small quiet', download: '' }, t('media.download'));
  #buttons = h('div', { class: 'image-buttons' }, this.#download, this.#count, this.#rename, this.#remove);
  element = h('div', { class: 'image-details', hidden: true }, this.#firmware, this.#facts, this.#sum, this.#message, this.#buttons);
  /** @type {string|null} */
  #name = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {(renamed: string|null) => void} changed the library has; renamed: the new name of what was shown */
  constructor(changed) {
    this.changed = changed;
    this.#buttons.hidden = !identity.can('library');
  }

  close() {
    clearTimeout(this.#timer);
    this.#name = null;
  }

  /** @param {string|null} name */
  async show(name) {
    clearTimeout(this.#timer);
    if (name !== this.#name) {
      this.element.hidden = true;
      setText(this.#message, '');
    }
    this.#name = name;
    if (name === null) return;
    try {
      const details = await mediaApi.image(name);
      if (name === this.#name) this.#fill(details);
    } catch (error) {
      if (name !== this.#name || (error instanceof ApiError && error.status === 404)) return;
      setText(this.#message, sentence(error));
      this.element.hidden = false;
    }
  }

  /** @param {Details} details */
  #fill(details) {
    const { name, folder, label, files, sha256, summing, in_use: inUse } = details;
    setText(this.#firmware, bootWords(details));
    const list = files?.length ? t('media.files-list', { count: files.length, names: files.slice(0, 8).map((file) => file.name).join(', ') + (files.length > 8 ? ' …' : '') }) : '';
    setText(this.#facts, [label && t('media.label', { label }), folder && (list || t('media.no-files'))].filter(Boolean).join(' · '));
    setText(this.#sum, sha256 ? t('media.sum', { sum: sha256 }) : summing ? t('media.summing', { percent: percentOf(summing.done, summing.size), size: sizeWords(summing.size) }) : '');
    this.#count.hidden = folder || Boolean(sha256) || Boolean(summing);
    this.#download.hidden = folder;
    this.#download.href = imageAddress(name);
    this.#rename.disabled = this.#remove.disabled = inUse;
    this.#rename.title = this.#remove.title = inUse ? t('media.held') : '';
    this.element.hidden = false;
    if (summing) this.#timer = setTimeout(() => void this.show(name), POLL_MS);
  }

  async #renameNow() {
    const name = this.#name;
    if (name === null) return;
    let to = name;
    const run = (/** @type {string} */ text) => mediaApi.rename(name, (to = text));
    if (await askDialog({ title: t('media.rename'), label: t('media.name'), value: name, action: t('media.rename'), run })) this.changed(to);
  }

  async #removeNow() {
    const name = this.#name;
    if (name === null) return;
    const sure = await confirmDialog({ title: t('media.delete-title', { name }), text: t('media.delete-text'), action: t('media.delete') });
    if (!sure) return;
    if (await this.#try(mediaApi.remove(name))) this.changed(null);
  }

  async #countNow() {
    if (this.#name !== null && (await this.#try(mediaApi.sum(this.#name)))) await this.show(this.#name);
  }

  /** @param {Promise<unknown>} change */
  async #try(change) {
    setText(this.#message, '');
    try {
      await change;
      return true;
    } catch (error) {
      setText(this.#message, sentence(error));
      return false;
    }
  }
}
