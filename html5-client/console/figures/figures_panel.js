/* The figures over the picture, for whoever wants to know where the time and the bits go. Open, it makes the gateway tell
 * the stages of every update. Pinned, it stays over the picture and lets the pointer through. */

import { h, setText } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { t } from '../../parts/messages.js';
import { classWords, millisecondWords, rateWords, stageWords } from '../../parts/words.js';
import { Spark } from './spark.js';

/** @typedef {import('./stage_times.js').Stages} Stages */
/** @typedef {import('../session/console_session.js').LinkFigures} LinkFigures */

/** @param {string} name @param {(string|Node)[]} values */
const row = (name, values) => h('tr', {}, h('th', { scope: 'row' }, name), ...values.map((value) => h('td', {}, value)));

/** @param {string[]} names */
const head = (names) => h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name))));

export class FiguresPanel {
  #stages = h('tbody');
  #classes = h('tbody');
  #link = h('tbody');
  #key = h('p', { class: 'small dim' });
  #photon = h('p', { class: 'small dim' });
  #spark = new Spark();
  #tint = h('input', { type: 'checkbox', onchange: () => this.#calls.tint(this.#tint.checked) });
  #pin = h('input', { type: 'checkbox', onchange: () => this.#pinned(this.#pin.checked) });
  #mode = '–';
  #calls;

  /** @param {{close: () => void, tint: (on: boolean) => void, pin: (on: boolean) => void}} calls */
  constructor(calls) {
    this.#calls = calls;
    const close = h(
      'button',
      { type: 'button', class: 'button quiet square small', 'aria-label': t('picture.figures-close'), onclick: calls.close },
      icon('close'),
    );
    this.element = h(
      'section',
      { class: 'figures-panel', id: 'figures-panel', 'aria-label': t('picture.figures'), hidden: true },
      h('div', { class: 'figures-head' }, h('h2', {}, t('picture.figures')), close),
      h(
        'table',
        {},
        h('caption', {}, t('picture.figures-stages')),
        head([t('picture.figures-stage'), t('picture.figures-half'), t('picture.figures-p95')]),
        this.#stages,
      ),
      this.#key,
      this.#photon,
      h('table', {}, h('caption', {}, t('picture.figures-data')), head([t('picture.figures-content'), t('picture.figures-rate')]), this.#classes),
      this.#spark.element,
      h('table', {}, h('caption', {}, t('picture.figures-link')), this.#link),
      h('label', { class: 'check' }, this.#tint, t('picture.figures-tint')),
      h('label', { class: 'check' }, this.#pin, t('picture.figures-pin')),
    );
    this.element.addEventListener('keydown', (event) => event.key === 'Escape' && calls.close());
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {boolean} on */
  #pinned(on) {
    this.#pin.checked = on;
    this.element.dataset.pinned = String(on);
    this.#calls.pin(on);
  }

  /** As it was left. @param {boolean} on */
  setPinned(on) {
    this.#pinned(on);
  }

  /** @param {boolean} open @returns {boolean} the focus was in here, and has to go somewhere */
  show(open) {
    const focused = this.element.contains(document.activeElement);
    this.element.hidden = !open;
    if (!open && this.#tint.checked) {
      this.#tint.checked = false;
      this.#calls.tint(false);
    }
    if (open) this.update(null, null);
    return focused && !open;
  }

  /** @param {{width: number, height: number}|null} mode null: no picture */
  setMode(mode) {
    this.#mode = mode ? `${mode.width} × ${mode.height}` : '–';
  }

  /** Kept also while nobody looks, so that the line begins with something. @param {number} bits a second @param {number} now ms */
  rate(bits, now) {
    this.#spark.add(bits, now);
  }

  /** @param {Stages|null} stages null: nothing is known yet @param {LinkFigures|null} link */
  update(stages, link) {
    const rows = (stages?.stages ?? []).map(({ stage, p50, p95 }) => row(stageWords(stage), [millisecondWords(p50), millisecondWords(p95)]));
    if (stages?.total) rows.push(row(t('picture.figures-total'), [millisecondWords(stages.total.p50), millisecondWords(stages.total.p95)]));
    if (!rows.length) rows.push(h('tr', {}, h('td', { colspan: 3 }, t('picture.figures-nothing'))));
    this.#stages.replaceChildren(...rows);
    this.#classes.replaceChildren(...(stages?.classes ?? []).map(({ name, bits }) => row(classWords(name), [rateWords(bits)])));
    const key = stages?.key ?? null;
    setText(this.#key, key === null ? '' : t('picture.figures-key', { ms: millisecondWords(key) }));
    setText(this.#photon, link?.echo ? t('picture.figures-photon', { ms: millisecondWords(link.echo.ms), count: link.echo.count }) : '');
    this.#spark.show();
    this.#link.replaceChildren(...(link ? this.#linkRows(link) : []));
  }

  /** @param {LinkFigures} link */
  #linkRows({ roundTrip, frames, estimate, drops, codecs }) {
    return [
      row(t('picture.strip-round-trip'), [roundTrip === null ? '–' : t('picture.ms', { ms: millisecondWords(roundTrip) })]),
      row(t('picture.figures-frames'), [String(Math.round(frames))]),
      row(t('picture.figures-estimate'), [estimate ? rateWords(estimate) : '–']),
      row(t('picture.figures-mode'), [this.#mode]),
      row(t('picture.figures-drops'), [String(drops)]),
      row(t('picture.figures-codecs'), [codecs.join(', ') || '–']),
    ];
  }
}
