/* Uploads as a list: how far each is, and the ways to stop it and to let it go on. */

import { h, setText } from '../parts/dom.js';
import { uploadWords } from './media_words.js';
import { UPLOADS_CHANGED, uploads } from './uploads.js';
import { sizeWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./tus.js').TusUpload} TusUpload */
/** @typedef {import('./media_api.js').Upload} Upload */

/** @type {Partial<Record<import('./tus.js').TusState['phase'], import('../parts/words.js').Tone>>} */
const TONES = { waiting: 'warn', paused: 'warn', done: 'ok', failed: 'danger' };

/** @param {string} label @param {() => void} run */
const button = (label, run) => h('button', { type: 'button', class: 'button small quiet', onclick: run }, label);

class UploadRow {
  #words = h('p', { class: 'small' });
  #bar = h('progress');
  #announced = '';

  /** @param {TusUpload} upload @param {import('../parts/announcer.js').Announcer} announcer */
  constructor(upload, announcer) {
    this.upload = upload;
    this.announcer = announcer;
    const { file, folder } = upload.start;
    const name = folder === null ? file.name : `${folder} / ${file.name}`;
    this.name = name;
    this.pause = button(t('media.uploads.pause'), () => upload.pause());
    this.resume = button(t('media.uploads.go-on'), () => void uploads.resume(upload));
    this.replace = button(t('media.uploads.replace'), () => void uploads.resume(upload, { replace: true }));
    this.cancel = button(t('words.cancel'), () => void uploads.cancel(upload));
    this.dismiss = button(t('words.dismiss'), () => uploads.dismiss(upload));
    for (const [element, what] of /** @type {const} */ ([[this.pause, 'pause'], [this.resume, 'go-on'], [this.replace, 'replace'], [this.cancel, 'cancel'], [this.dismiss, 'dismiss']]))
      element.setAttribute('aria-label', t(`media.uploads.${what}-named`, { name }));
    this.#bar.setAttribute('aria-label', t('media.uploads.of', { name }));
    const buttons = h('div', { class: 'upload-buttons' }, this.replace, this.pause, this.resume, this.cancel, this.dismiss);
    this.element = h('li', { class: 'upload' }, h('div', { class: 'upload-words' }, h('span', { class: 'upload-name' }, name), this.#words, this.#bar), buttons);
  }

  show() {
    const { state, start } = this.upload;
    const { phase, code } = state;
    const words = uploadWords(state, start.file.size);
    setText(this.#words, words);
    this.#words.dataset.tone = TONES[phase] ?? '';
    [this.#bar.max, this.#bar.value] = [start.file.size || 1, state.offset];
    this.#bar.hidden = ['done', 'failed', 'queued'].includes(phase);
    const over = phase === 'done' || phase === 'failed';
    this.pause.hidden = !['sending', 'waiting'].includes(phase);
    this.resume.hidden = phase !== 'paused' && !(phase === 'failed' && code !== 'name-taken' && code !== 'unreadable');
    this.replace.hidden = code !== 'name-taken';
    this.cancel.hidden = over || phase === 'finishing';
    this.dismiss.hidden = !over;
    if (phase === 'sending') this.announcer.progress(t('media.uploads.says', { name: this.name, words }));
    else if (this.#announced !== phase + code) this.announcer.say(t('media.uploads.says', { name: this.name, words }));
    this.#announced = phase + code;
  }
}

export class UploadList {
  /** @type {Map<TusUpload, UploadRow>} */
  #rows = new Map();
  #list = h('ul', { class: 'uploads', 'aria-label': t('media.uploads') });
  #shownAbsent = '';
  #absent = h('ul', { class: 'uploads', 'aria-label': t('media.uploads.waiting') });
  element = h('section', { class: 'upload-section' }, h('h3', {}, t('media.uploads')), this.#list, this.#absent);
  #listener = () => this.show();

  /** @param {import('../parts/announcer.js').Announcer} announcer @param {() => void} pick opens the choice of files */
  constructor(announcer, pick) {
    this.announcer = announcer;
    this.pick = pick;
    uploads.addEventListener(UPLOADS_CHANGED, this.#listener);
    this.show();
  }

  close() {
    uploads.removeEventListener(UPLOADS_CHANGED, this.#listener);
  }

  show() {
    this.element.hidden = !uploads.items.length && !uploads.absent.length;
    for (const [upload, row] of this.#rows) {
      if (uploads.items.includes(upload)) continue;
      row.element.remove();
      this.#rows.delete(upload);
    }
    for (const upload of uploads.items) this.#row(upload).show();
    this.#showAbsent();
  }

  /** @param {TusUpload} upload */
  #row(upload) {
    let row = this.#rows.get(upload);
    if (!row) {
      row = new UploadRow(upload, this.announcer);
      this.#rows.set(upload, row);
      this.#list.append(row.element);
    }
    return row;
  }

  #showAbsent() {
    const shown = uploads.absent.map(({ id, offset }) => id + offset).join();
    if (shown === this.#shownAbsent) return;
    this.#shownAbsent = shown;
    this.#absent.replaceChildren(...uploads.absent.map((upload) => this.#absentRow(upload)));
  }

  /** @param {Upload} upload */
  #absentRow(upload) {
    const { name, folder, offset, size } = upload;
    const words = t('media.uploads.there', { offset: sizeWords(offset), size: sizeWords(size) });
    const pick = h('button', { type: 'button', class: 'button small', 'aria-label': t('media.uploads.pick-named', { name }), onclick: this.pick }, t('media.pick-again'));
    const cancel = h('button', { type: 'button', class: 'button small quiet', 'aria-label': t('media.uploads.cancel-named', { name }), onclick: () => void uploads.cancelAbsent(upload) }, t('words.cancel'));
    return h(
      'li',
      { class: 'upload' },
      h('div', { class: 'upload-words' }, h('span', { class: 'upload-name' }, folder ? `${folder} / ${name}` : name), h('p', { class: 'small' }, words)),
      h('div', { class: 'upload-buttons' }, cancel, pick),
    );
  }
}
