/* The line under the picture: how the connection does, the target's keyboard lights, and who types. */

import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { idleWords, seatOffers, seatWords } from './seat/seat_words.js';
import { millisecondWords, rateWords } from '../parts/words.js';

/** @typedef {import('./session/console_session.js').StripFigures} StripFigures */
/** @typedef {import('./seat/seat_words.js').SeatFacts} SeatFacts */

/** Between two looks at how long the holder has been idle. */
const IDLE_MS = 5000;

/** @param {'num'|'caps'|'scroll'} name */
function light(name) {
  const words = t(`picture.light-${name}`);
  return h('span', { class: 'light', role: 'img', 'aria-label': t('picture.light-off', { light: words }) }, words);
}

export class StatusStrip extends HTMLElement {
  #roundTrip = h('span', { class: 'figure', title: t('picture.strip-round-trip') });
  #frames = h('span', { class: 'figure', title: t('picture.strip-updates') });
  #bits = h('span', { class: 'figure', title: t('picture.strip-rate') });
  #mode = h('span', { class: 'figure', title: t('picture.strip-mode') });
  #exact = h('span', { class: 'figure', title: t('picture.strip-exactness') });
  #lights = { num: light('num'), caps: light('caps'), scroll: light('scroll') };
  #more = h(
    'button',
    { class: 'button quiet small', type: 'button', 'aria-expanded': 'false', 'aria-controls': 'figures-panel', onclick: () => this.figuresPressed() },
    t('picture.figures'),
  );
  #seat = h('span', { class: 'seat-words', role: 'status' });
  #idle = h('span', { class: 'seat-idle dim' });
  #buttons = [0, 1].map((i) => h('button', { class: 'button small', type: 'button', hidden: true, onclick: () => this.#pressed(i) }));
  /** @type {import('./seat/seat_words.js').SeatOffer[]} */
  #offers = [];
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #clock;

  /** Set by the console. @param {import('./session/protocol.js').SeatAction} _action */
  seatPressed = (_action) => {};
  figuresPressed = () => {};

  connectedCallback() {
    const figures = h('div', { class: 'figures', role: 'group', 'aria-label': t('picture.strip-connection') });
    figures.append(this.#roundTrip, this.#frames, this.#bits, this.#mode, this.#exact, this.#more);
    const lights = h('div', { class: 'lights', role: 'group', 'aria-label': t('picture.strip-lights') });
    lights.append(...Object.values(this.#lights));
    this.replaceChildren(figures, lights, h('div', { class: 'seat' }, this.#seat, this.#idle, ...this.#buttons));
    this.figures(null);
    this.picture(null, null);
  }

  /** @param {StripFigures|null} figures null: not connected */
  figures(figures) {
    const ms = figures?.roundTrip ?? null;
    setText(this.#roundTrip, t('picture.ms', { ms: ms === null ? '–' : millisecondWords(ms) }));
    setText(this.#frames, t('picture.fps', { count: figures ? Math.round(figures.frames) : '–' }));
    setText(this.#bits, figures ? rateWords(figures.bits) : '–');
  }

  /** @param {boolean} open whether the panel of figures is @param {boolean} focus its button gets the focus */
  figuresOpen(open, focus) {
    this.#more.setAttribute('aria-expanded', String(open));
    if (focus) this.#more.focus();
  }

  /** @param {{width: number, height: number}|null} mode null: no picture @param {boolean|null} exact null: not known */
  picture(mode, exact) {
    setText(this.#mode, mode ? `${mode.width} × ${mode.height}` : t('picture.strip-no-picture'));
    setText(this.#exact, !mode || exact === null ? '' : t(exact ? 'picture.strip-exact' : 'picture.strip-catching-up'));
    this.#exact.dataset.tone = exact ? 'ok' : 'warn';
  }

  /** @param {{num: boolean, caps: boolean, scroll: boolean}} leds */
  leds(leds) {
    for (const name of /** @type {('num'|'caps'|'scroll')[]} */ (['num', 'caps', 'scroll'])) {
      const element = this.#lights[name];
      element.dataset.on = String(leds[name]);
      element.setAttribute('aria-label', t(leds[name] ? 'picture.light-on' : 'picture.light-off', { light: element.textContent ?? '' }));
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

  /** Not read out again and again: it is no part of the status. @param {import('./session/protocol.js').Seats|null} seat */
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
