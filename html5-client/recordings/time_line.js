/* A recording's time line: a slider that says the time of the wall clock, with marks where much changed. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { clockWords, lengthWords, markWords, placeAfterKey } from './recording_words.js';

export class TimeLine {
  #duration = 1;
  #at = 0;
  #began = 0;
  #done = h('div', { class: 'line-done' });
  #thumb = h('div', { class: 'line-thumb' });
  #marks = h('div', { class: 'line-marks' });
  #tip = h('div', { class: 'line-tip', 'aria-hidden': 'true' });
  element = h(
    'div',
    { class: 'time-line', role: 'slider', tabindex: 0, 'aria-label': t('recordings.time-line'), 'aria-valuemin': 0 },
    h('div', { class: 'line-track' }, this.#done, this.#marks),
    this.#thumb,
    this.#tip,
  );

  /** @param {(ms: number) => void} seek */
  constructor(seek) {
    this.seek = seek;
    this.element.addEventListener('pointerdown', (event) => this.#press(event));
    this.element.addEventListener('pointermove', (event) => this.#hover(event));
    this.element.addEventListener('pointerleave', () => this.#tip.classList.remove('shown'));
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param {{began: number, duration: number, marks: import('./recordings_api.js').Mark[]}} recording */
  show({ began, duration, marks }) {
    this.#began = began;
    this.#duration = Math.max(1, duration);
    this.element.setAttribute('aria-valuemax', String(Math.round(this.#duration / 1000)));
    this.#marks.replaceChildren(
      ...marks.map((mark) => {
        const tick = h('i', { 'data-kind': mark.kind, title: markWords(mark) });
        tick.style.left = `${(100 * mark.at) / this.#duration}%`;
        return tick;
      }),
    );
    this.move(this.#at);
  }

  /** @param {number} ms */
  move(ms) {
    this.#at = Math.min(ms, this.#duration);
    const share = `${(100 * this.#at) / this.#duration}%`;
    this.#done.style.width = share;
    this.#thumb.style.left = share;
    this.element.setAttribute('aria-valuenow', String(Math.round(this.#at / 1000)));
    this.element.setAttribute('aria-valuetext', this.#words(this.#at));
  }

  /** @param {number} ms */
  #words(ms) {
    return t('recordings.place', { time: lengthWords(ms), clock: clockWords(this.#began, ms) });
  }

  /** @param {PointerEvent} event */
  #placeOf(event) {
    const box = this.element.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.#duration;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button) return;
    this.element.setPointerCapture(event.pointerId);
    this.seek(this.#placeOf(event));
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    const ms = this.#placeOf(event);
    if (this.element.hasPointerCapture(event.pointerId)) this.seek(ms);
    this.#tip.textContent = this.#words(ms);
    this.#tip.style.left = `${(100 * ms) / this.#duration}%`;
    this.#tip.classList.add('shown');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const place = placeAfterKey(event.key, event.shiftKey, this.#at, this.#duration);
    if (place === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(place);
  }
}
