/* Tells screen readers how things go, at a rate that people can listen to. */

import { h, setText } from './dom.js';

/** Between two announcements of how far something is. */
const PROGRESS_MS = 15000;

export class Announcer {
  element = h('p', { class: 'for-readers', role: 'status' });
  #last = -Infinity;

  /** Something happened. @param {string} text */
  say(text) {
    if (!text || this.element.textContent === text) return;
    setText(this.element, text);
    this.#last = performance.now();
  }

  /** How far it is. @param {string} text */
  progress(text) {
    if (performance.now() - this.#last >= PROGRESS_MS) this.say(text);
  }
}
