/* A series of pictures: one large, its neighbours below to choose from. Only those near the one shown are loaded. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { clockWords, lengthWords } from './recording_words.js';
import { recordingsApi } from './recordings_api.js';
import { TimeLine } from './time_line.js';

const NEAR = 12;

export class FilmStrip {
  #large = h('img', { alt: '', class: 'strip-large' });
  #line = new TimeLine((ms) => this.#choose(this.#nearest(ms)));
  #list = h('div', { class: 'strip-list', role: 'group', 'aria-label': t('recordings.neighbours') });
  #words = h('span', { class: 'player-time', role: 'status' });
  #save = h('a', { class: 'button quiet', download: '' }, t('recordings.save-picture'));
  #chosen = 0;
  /** @type {import('./recordings_api.js').RecordingDetails} */
  #recording;
  element;

  /** @param {import('./recordings_api.js').RecordingDetails} recording */
  constructor(recording) {
    this.#recording = recording;
    /** @param {string} glyph @param {string} label @param {() => void} run */
    const tool = (glyph, label, run) => h('button', { class: 'button quiet square', type: 'button', 'aria-label': label, title: label, onclick: run }, icon(glyph));
    this.element = h(
      'section',
      { class: 'player', 'aria-label': t('recordings.player'), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      h('div', { class: 'player-stage' }, this.#large),
      this.#line.element,
      h('div', { class: 'player-bar' }, tool('stepBack', t('recordings.step-back'), () => this.#choose(this.#chosen - 1)), tool('stepOn', t('recordings.step-on'), () => this.#choose(this.#chosen + 1)), h('span', { class: 'player-times' }, this.#words), this.#save),
      this.#list,
    );
    this.update(recording);
  }

  /** @param {import('./recordings_api.js').RecordingDetails} recording */
  update(recording) {
    this.#recording = recording;
    this.#line.show(recording);
    this.#choose(this.#chosen);
  }

  /** @param {number} ms */
  #nearest(ms) {
    const after = this.#recording.pictures.findIndex(({ at }) => at > ms);
    return after < 0 ? this.#recording.pictures.length - 1 : Math.max(0, after - 1);
  }

  /** @param {number} index */
  #choose(index) {
    const { id, began, pictures } = this.#recording;
    if (!pictures.length) return;
    this.#chosen = Math.max(0, Math.min(pictures.length - 1, index));
    const { at } = pictures[this.#chosen];
    const source = recordingsApi.picture(id, at);
    if (this.#large.getAttribute('src') !== source) this.#large.src = source;
    this.#large.alt = t('recordings.picture-of', { clock: clockWords(began, at) });
    this.#save.href = `${source}?download=1`;
    this.#line.move(at);
    setText(this.#words, t('recordings.picture-number', { number: this.#chosen + 1, count: pictures.length, time: lengthWords(at), clock: clockWords(began, at) }));
    this.#showNear();
  }

  #showNear() {
    const { id, began, pictures } = this.#recording;
    const first = Math.max(0, Math.min(this.#chosen - NEAR, pictures.length - 2 * NEAR - 1));
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(
      ...pictures.slice(first, first + 2 * NEAR + 1).map(({ at }, i) =>
        h(
          'button',
          { type: 'button', class: 'strip-one', 'aria-pressed': String(first + i === this.#chosen), 'aria-label': t('recordings.picture-of', { clock: clockWords(began, at) }), onclick: () => this.#choose(first + i) },
          h('img', { src: recordingsApi.picture(id, at), alt: '', loading: 'lazy' }),
          h('span', {}, clockWords(began, at)),
        ),
      ),
    );
    const current = /** @type {HTMLElement|null} */ (this.#list.querySelector('[aria-pressed="true"]'));
    if (hadFocus) current?.focus();
    if (current) this.#list.scrollLeft = current.offsetLeft - this.#list.clientWidth / 2 + current.clientWidth / 2;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1, ',': -1, '.': 1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#choose(this.#chosen + way);
  }

  close() {}
}
