/* The line under the picture: how the connection does, the target's keyboard lights, and who types. */

import { h, setText } from './dom.js';
import { countWords, rateWords } from './words.js';

/** @typedef {import('./console_session.js').StripFigures} StripFigures */
/**
 * @typedef {object} SeatFacts
 * @property {boolean} connected
 * @property {boolean} mine
 * @property {boolean} free
 * @property {string} name of the holder
 * @property {boolean} mayType
 * @property {boolean} viewOnly
 * @property {boolean} captured the picture has the focus
 * @property {boolean} picture there is one to click
 * @property {number} viewers
 */

/** @param {string} label */
const light = (label) => h('span', { class: 'light', role: 'img', 'aria-label': `${label} lock off` }, label);

export class StatusStrip extends HTMLElement {
  #roundTrip = h('span', { class: 'figure', title: 'Round trip' });
  #frames = h('span', { class: 'figure', title: 'Updates a second' });
  #bits = h('span', { class: 'figure', title: 'Data rate' });
  #mode = h('span', { class: 'figure', title: 'Video mode of the target' });
  #exact = h('span', { class: 'figure', title: 'Whether the picture equals the target’s exactly' });
  #lights = { num: light('Num'), caps: light('Caps'), scroll: light('Scroll') };
  #more = h(
    'button',
    { class: 'button quiet small', type: 'button', 'aria-expanded': 'false', 'aria-controls': 'figures-panel', onclick: () => this.figuresPressed() },
    'Figures',
  );
  #seat = h('span', { class: 'seat-words', role: 'status' });
  #button = h('button', { class: 'button small', type: 'button', onclick: () => this.seatPressed() });

  /** Set by the console. */
  seatPressed = () => {};
  figuresPressed = () => {};

  connectedCallback() {
    const figures = h('div', { class: 'figures', role: 'group', 'aria-label': 'Connection' });
    figures.append(this.#roundTrip, this.#frames, this.#bits, this.#mode, this.#exact, this.#more);
    const lights = h('div', { class: 'lights', role: 'group', 'aria-label': 'Keyboard lights of the target' });
    lights.append(...Object.values(this.#lights));
    this.replaceChildren(figures, lights, h('div', { class: 'seat' }, this.#seat, this.#button));
    this.figures(null);
    this.picture(null, null);
  }

  /** @param {StripFigures|null} figures null: not connected */
  figures(figures) {
    const ms = figures?.roundTrip ?? null;
    setText(this.#roundTrip, ms === null ? '– ms' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
    setText(this.#frames, figures ? `${Math.round(figures.frames)} fps` : '– fps');
    setText(this.#bits, figures ? rateWords(figures.bits) : '– kbit/s');
  }

  /** @param {boolean} open whether the panel of figures is @param {boolean} focus its button gets the focus */
  figuresOpen(open, focus) {
    this.#more.setAttribute('aria-expanded', String(open));
    if (focus) this.#more.focus();
  }

  /** @param {{width: number, height: number}|null} mode null: no picture @param {boolean|null} exact null: not known */
  picture(mode, exact) {
    setText(this.#mode, mode ? `${mode.width} × ${mode.height}` : 'No picture');
    setText(this.#exact, !mode || exact === null ? '' : exact ? 'Exact' : 'Catching up');
    this.#exact.dataset.tone = exact ? 'ok' : 'warn';
  }

  /** @param {{num: boolean, caps: boolean, scroll: boolean}} leds */
  leds(leds) {
    for (const name of /** @type {('num'|'caps'|'scroll')[]} */ (['num', 'caps', 'scroll'])) {
      const element = this.#lights[name];
      element.dataset.on = String(leds[name]);
      element.setAttribute('aria-label', `${element.textContent} lock ${leds[name] ? 'on' : 'off'}`);
    }
  }

  /** @param {SeatFacts} seat */
  seat(seat) {
    const others = seat.viewers > 1 ? ` · ${countWords(seat.viewers, 'viewer', 'viewers')}` : '';
    setText(this.#seat, seat.connected ? seatWords(seat) + others : '');
    this.#seat.dataset.tone = seat.mine ? 'ok' : '';
    this.#button.hidden = !seat.connected || !seat.mayType || seat.viewOnly;
    setText(this.#button, seat.mine ? 'Release keyboard' : seat.free ? 'Take keyboard' : 'Take over');
  }
}

/** @param {SeatFacts} seat */
function seatWords({ mine, free, name, mayType, viewOnly, captured, picture }) {
  if (mine && captured) return 'Your keys go to the target';
  if (mine) return picture ? 'Click the picture to type' : 'You have the keyboard';
  if (!free) return `${name || 'Somebody'} types`;
  if (!mayType) return 'You may look, not type';
  return viewOnly ? 'View only' : 'Nobody types';
}

customElements.define('status-strip', StatusStrip);
