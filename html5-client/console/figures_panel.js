/* The figures over the picture, for whoever wants to know where the time and the bits go. Open, it makes the gateway tell
 * the stages of every update. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { rateWords, stageWords, classWords } from '../parts/words.js';

/** @typedef {import('./stage_times.js').Stages} Stages */

/** @param {number} ms */
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));

/** @param {string} name @param {(string|Node)[]} values */
const row = (name, values) => h('tr', {}, h('th', { scope: 'row' }, name), ...values.map((value) => h('td', {}, value)));

/** @param {string[]} names */
const head = (names) => h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name))));

export class FiguresPanel {
  #stages = h('tbody');
  #classes = h('tbody');
  #key = h('p', { class: 'small dim' });
  #tint = h('input', { type: 'checkbox', onchange: () => this.#calls.tint(this.#tint.checked) });
  #calls;

  /** @param {{close: () => void, tint: (on: boolean) => void}} calls */
  constructor(calls) {
    this.#calls = calls;
    const close = h(
      'button',
      { type: 'button', class: 'button quiet square small', 'aria-label': 'Close the figures', onclick: calls.close },
      icon('close'),
    );
    this.element = h(
      'section',
      { class: 'figures-panel', id: 'figures-panel', 'aria-label': 'Figures', hidden: true },
      h('div', { class: 'figures-head' }, h('h2', {}, 'Figures'), close),
      h(
        'table',
        {},
        h('caption', {}, 'From the capture to the canvas, ms'),
        head(['Stage', 'Half', '95 %']),
        this.#stages,
      ),
      this.#key,
      h('table', {}, h('caption', {}, 'Data'), head(['Content', 'Rate']), this.#classes),
      h('label', { class: 'check' }, this.#tint, 'Tint what is not exact yet'),
    );
    this.element.addEventListener('keydown', (event) => event.key === 'Escape' && calls.close());
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {boolean} open @returns {boolean} the focus was in here, and has to go somewhere */
  show(open) {
    const focused = this.element.contains(document.activeElement);
    this.element.hidden = !open;
    if (!open && this.#tint.checked) {
      this.#tint.checked = false;
      this.#calls.tint(false);
    }
    if (open) this.update(null);
    return focused && !open;
  }

  /** @param {Stages|null} stages null: nothing is known yet */
  update(stages) {
    const rows = (stages?.stages ?? []).map(({ stage, p50, p95 }) => row(stageWords(stage), [milliseconds(p50), milliseconds(p95)]));
    if (stages?.total) rows.push(row('All together', [milliseconds(stages.total.p50), milliseconds(stages.total.p95)]));
    if (!rows.length) rows.push(h('tr', {}, h('td', { colspan: 3 }, 'Nothing has changed on the screen.')));
    this.#stages.replaceChildren(...rows);
    this.#classes.replaceChildren(...(stages?.classes ?? []).map(({ name, bits }) => row(classWords(name), [rateWords(bits)])));
    const key = stages?.key ?? null;
    setText(this.#key, key === null ? '' : `From a key to its picture about ${milliseconds(key)} ms, besides the target’s own time.`);
  }
}
