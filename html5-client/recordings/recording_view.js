/* One recording: player or film strip, what is known of it, and what may be done with it. */

import { sentence } from '../api.js';
import { identity } from '../app/identity.js';
import { pageHead } from '../app/page_head.js';
import { askDialog } from '../parts/ask_dialog.js';
import { confirmDialog } from '../parts/dialog.js';
import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { sizeWords } from '../parts/words.js';
import { go, hashOf } from '../router.js';
import { FilmPlayer } from './film_player.js';
import { FilmStrip } from './film_strip.js';
import { dateWords, endedWords, kindWords, lengthWords } from './recording_words.js';
import { recordingsApi } from './recordings_api.js';

/** @typedef {import('./recordings_api.js').RecordingDetails} RecordingDetails */

const PAUSE_MS = 3000;

export class RecordingView extends HTMLElement {
  #id;
  #title = h('h1', { tabindex: -1 }, t('recordings.title'));
  #chips = h('span', { class: 'recording-chips' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #room = h('div', { class: 'player-room' });
  #facts = h('dl', { class: 'recording-facts' });
  #acts = h('div', { class: 'recording-acts' });
  /** @type {FilmPlayer|FilmStrip|null} */
  #player = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {string} id */
  constructor(id) {
    super();
    this.#id = id;
  }

  connectedCallback() {
    document.title = `${t('recordings.title')} – lightsout`;
    const label = t('recordings.to-list');
    const back = h('a', { class: 'button quiet square', href: hashOf({ view: 'recordings' }), 'aria-label': label, title: label }, icon('back'));
    this.replaceChildren(
      pageHead('recordings'),
      h('div', { class: 'page-body' }, h('div', { class: 'page-title' }, back, this.#title, this.#chips), this.#message, this.#room, h('div', { class: 'recording-foot' }, this.#facts, this.#acts)),
    );
    void this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#player?.close();
  }

  async #load() {
    clearTimeout(this.#timer);
    try {
      const recording = await recordingsApi.get(this.#id);
      if (!this.isConnected) return;
      this.#show(recording);
      if (recording.running) this.#timer = setTimeout(() => void this.#load(), PAUSE_MS);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {RecordingDetails} recording */
  #show(recording) {
    const { target, note, running, pinned, ended, frames, width, height, kind } = recording;
    setText(this.#title, note || t('recordings.of', { target }));
    document.title = `${note || target} – lightsout`;
    this.#chips.replaceChildren(running ? h('span', { class: 'chip', 'data-tone': 'danger' }, t('recordings.running')) : '', pinned ? h('span', { class: 'chip' }, t('recordings.pinned')) : '');
    /** @type {[string, string][]} */
    const facts = [
      [t('recordings.target'), target],
      [t('recordings.when'), dateWords(recording.began)],
      [t('recordings.length'), lengthWords(recording.duration)],
      [t('recordings.who'), recording.who],
      [t('recordings.kind'), kindWords(recording)],
      [t('recordings.size'), sizeWords(recording.bytes)],
      [t('recordings.mode'), width ? `${width} × ${height}` : '–'],
    ];
    if (ended) facts.push([t('recordings.end'), endedWords(recording)]);
    this.#facts.replaceChildren(...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
    this.#acts.replaceChildren(...this.#actions(recording));
    if (this.#player) this.#player.update(recording);
    else if (frames > 0) this.#room.replaceChildren((this.#player = kind === 'video' ? new FilmPlayer(recording) : new FilmStrip(recording)).element);
    else this.#room.replaceChildren(h('p', { class: 'empty dim' }, t('recordings.no-picture')));
  }

  /** @param {RecordingDetails} recording */
  #actions(recording) {
    const { target, running, pinned, id } = recording;
    /** @param {string} text @param {() => unknown} run @param {string} [tone] */
    const button = (text, run, tone = '') => h('button', { class: `button ${tone}`, type: 'button', onclick: () => void run() }, text);
    const may = (/** @type {import('../api.js').Right} */ right) => identity.can(right, target);
    return [
      h('a', { class: 'button primary', href: recordingsApi.download(recording), download: '' }, t(recording.kind === 'video' ? 'recordings.download' : 'recordings.download-all')),
      running && may('input') && button(t('recordings.stop'), () => this.#act(() => recordingsApi.stop(target))),
      may('input') && button(t('recordings.note'), () => this.#note(recording)),
      may('configure') && button(t(pinned ? 'recordings.unpin' : 'recordings.pin'), () => this.#act(() => recordingsApi.change(id, { pinned: !pinned }))),
      may('configure') && !running && button(t('recordings.delete'), () => this.#remove(recording), 'danger'),
    ].filter((element) => element !== false);
  }

  /** @param {() => Promise<unknown>} act */
  async #act(act) {
    try {
      await act();
      setText(this.#message, '');
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    await this.#load();
  }

  /** @param {RecordingDetails} recording */
  async #note({ id, note }) {
    const run = (/** @type {string} */ text) => recordingsApi.change(id, { note: text });
    await askDialog({ title: t('recordings.note'), label: t('recordings.note-label'), value: note, action: t('recordings.keep'), run });
    await this.#load();
  }

  /** @param {RecordingDetails} recording */
  async #remove({ id, target, began, duration }) {
    const text = t('recordings.delete-text', { target, date: dateWords(began), length: lengthWords(duration) });
    if (!(await confirmDialog({ title: t('recordings.delete-title'), text, action: t('recordings.delete') }))) return;
    try {
      await recordingsApi.remove(id);
      notice(t('recordings.deleted'));
      go({ view: 'recordings' });
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }
}

customElements.define('recording-view', RecordingView);
