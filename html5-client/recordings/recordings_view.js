/* All recordings that this user may view, newest first; a chosen target's only. */

import { sentence } from '../api.js';
import { identity } from '../app/identity.js';
import { pageHead } from '../app/page_head.js';
import { confirmDialog } from '../parts/dialog.js';
import { h, newId, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { sizeWords } from '../parts/words.js';
import { hashOf } from '../router.js';
import { dateWords, endedWords, kindWords, lengthWords } from './recording_words.js';
import { recordingsApi } from './recordings_api.js';

/** @typedef {import('./recordings_api.js').Recording} Recording */

const PAUSE_MS = 5000;

/** What is shown of one, before its picture: it changes while it runs. @param {Recording} recording */
const facts = (recording) =>
  [dateWords(recording.began), lengthWords(recording.duration), sizeWords(recording.bytes), t('recordings.by', { name: recording.who })].join(' · ');

export class RecordingsView extends HTMLElement {
  #id = newId('recordings');
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #count = h('span', { class: 'dim' });
  #list = h('ul', { class: 'recordings' });
  #choice = h('select', { class: 'input', id: this.#id, onchange: () => this.#show() }, h('option', { value: '' }, t('recordings.all-targets')));
  /** @type {Recording[]} */
  #recordings = [];
  /** What stands there, so that nothing is built anew for nothing. */
  #shown = '';
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #wake = () => void this.#load();

  /** @param {string} target '' all */
  constructor(target) {
    super();
    if (target) this.#choice.append(h('option', { value: target, selected: true }, target));
  }

  connectedCallback() {
    document.title = `${t('recordings.title')} – lightsout`;
    const choice = h('div', { class: 'field recordings-choice' }, h('label', { for: this.#id }, t('recordings.target')), this.#choice);
    const back = h('a', { class: 'button quiet square', href: '#/', 'aria-label': t('recordings.to-targets'), title: t('recordings.to-targets') }, icon('back'));
    this.replaceChildren(
      pageHead('recordings'),
      h('div', { class: 'page-body' }, h('div', { class: 'page-title' }, back, h('h1', { tabindex: -1 }, t('recordings.title')), this.#count, choice), this.#message, this.#list),
    );
    document.addEventListener('visibilitychange', this.#wake);
    void this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#wake);
  }

  async #load() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    try {
      this.#recordings = await recordingsApi.list();
      setText(this.#message, '');
      this.#targets();
      this.#show();
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    if (this.isConnected) this.#timer = setTimeout(() => void this.#load(), PAUSE_MS);
  }

  #targets() {
    const there = new Set([...this.#choice.options].map(({ value }) => value));
    for (const name of [...new Set(this.#recordings.map(({ target }) => target))].sort()) if (!there.has(name)) this.#choice.append(h('option', { value: name }, name));
  }

  #show() {
    const wanted = this.#recordings.filter(({ target }) => !this.#choice.value || target === this.#choice.value);
    setText(this.#count, t('recordings.count', { count: wanted.length }));
    const shown = JSON.stringify(wanted);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = /** @type {HTMLElement|null} */ (this.#list.contains(document.activeElement) ? document.activeElement : null);
    const [id, act] = [focused?.closest('li')?.dataset.id, focused?.dataset.act];
    this.#list.replaceChildren(...wanted.map((recording) => this.#row(recording)));
    if (!wanted.length) this.#list.replaceChildren(h('li', { class: 'empty dim' }, icon('record'), h('p', {}, t('recordings.none'))));
    if (id) /** @type {HTMLElement|null} */ (this.#list.querySelector(`li[data-id="${id}"] [data-act="${act}"]`))?.focus();
  }

  /** @param {Recording} recording */
  #row(recording) {
    const { id, target, note, running, pinned, frames } = recording;
    const poster = frames > 0 ? h('img', { src: recordingsApi.poster(id), alt: '', loading: 'lazy' }) : icon('screenOff');
    const chips = [running && h('span', { class: 'chip', 'data-tone': 'danger' }, t('recordings.running')), pinned && h('span', { class: 'chip' }, t('recordings.pinned'))];
    const remove = identity.can('configure', target) && !running && h('button', { class: 'button quiet small', type: 'button', 'data-act': 'delete', 'aria-label': t('recordings.delete-of', { target, date: dateWords(recording.began) }), onclick: () => void this.#remove(recording) }, t('recordings.delete'));
    return h(
      'li',
      { 'data-id': id },
      h('div', { class: 'shot' }, poster),
      h(
        'div',
        { class: 'recording-body' },
        h('h2', {}, h('a', { href: hashOf({ view: 'recordings', recording: id }), 'data-act': 'open' }, note || t('recordings.of', { target })), ...chips),
        h('p', { class: 'dim' }, `${target} · ${kindWords(recording)}`),
        h('p', { class: 'dim' }, facts(recording)),
        recording.ended && h('p', { class: 'recording-ended' }, endedWords(recording)),
      ),
      h('div', { class: 'recording-acts' }, h('a', { class: 'button quiet small', href: recordingsApi.download(recording), download: '', 'data-act': 'save', 'aria-label': t('recordings.download-of', { target, date: dateWords(recording.began) }) }, t('recordings.download')), remove),
    );
  }

  /** @param {Recording} recording */
  async #remove(recording) {
    const text = t('recordings.delete-text', { target: recording.target, date: dateWords(recording.began), length: lengthWords(recording.duration) });
    if (!(await confirmDialog({ title: t('recordings.delete-title'), text, action: t('recordings.delete') }))) return;
    try {
      await recordingsApi.remove(recording.id);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    await this.#load();
    /** @type {HTMLElement|null} */ (this.querySelector('h1'))?.focus();
  }
}

customElements.define('recordings-view', RecordingsView);
