/* The line under the picture: how the connection does, the target's keyboard lights, and who types. */

import { h, setText } from '../parts/dom.js';
import { idleWords, seatOffers, seatWords } from './seat_words.js';
import { rateWords } from '../parts/words.js';

/** @typedef {import('./console_session.js').StripFigures} StripFigures */
/** @typedef {import('./seat_words.js').SeatFacts} SeatFacts */

/** Between two looks at how long the holder has been idle. */
const IDLE_MS = 5000;

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
  #idle = h('span', { class: 'seat-idle dim' });
  #buttons = [0, 1].map((i) => h('button', { class: 'button small', type: 'button', hidden: true, onclick: () => this.#pressed(i) }));
  /** @type {import('./seat_words.js').SeatOffer[]} */
  #offers = [];
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #clock;

  /** Set by the console. @param {import('./protocol.js').SeatAction} _action */
  seatPressed = (_action) => {};
  figuresPressed = () => {};

  connectedCallback() {
    const figures = h('div', { class: 'figures', role: 'group', 'aria-label': 'Connection' });
    figures.append(this.#roundTrip, this.#frames, this.#bits, this.#mode, this.#exact, this.#more);
    const lights = h('div', { class: 'lights', role: 'group', 'aria-label': 'Keyboard lights of the target' });
    lights.append(...Object.values(this.#lights));
    this.replaceChildren(figures, lights, h('div', { class: 'seat' }, this.#seat, this.#idle, ...this.#buttons));
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

  /** @param {number} i */
  #pressed(i) {
    const offer = this.#offers[i];
    if (offer) this.seatPressed(offer.action);
  }

  /** @param {SeatFacts} facts */
  seat(facts) {
    const { seat, connected, captured } = facts;
    setText(this.#seat, seatWords(facts));
    this.#seat.dataset.tone = seat.mine || (seat.shared && captured) ? 'ok' : '';
    this.#offers = seatOffers(facts);
    this.#buttons.forEach((button, i) => {
      button.hidden = !this.#offers[i];
      setText(button, this.#offers[i]?.label ?? '');
    });
    this.#showIdle(connected ? seat : null);
  }

  /** Not read out again and again: it is no part of the status. @param {import('./protocol.js').Seats|null} seat */
  #showIdle(seat) {
    clearInterval(this.#clock);
    const told = performance.now();
    const show = () => setText(this.#idle, seat ? idleWords(seat, (performance.now() - told) / 1000) : '');
    if (seat?.idle) this.#clock = setInterval(show, IDLE_MS);
    show();
  }

  disconnectedCallback() {
    clearInterval(this.#clock);
  }
}

customElements.define('status-strip', StatusStrip);
