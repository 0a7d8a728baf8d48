/* A grid of many cards of which only those in sight are there. Arrows move between all of them. */

import { gridLayout, neighbour, placesBetween } from './grid_layout.js';
import { h } from '../parts/dom.js';

/** @typedef {import('./grid_layout.js').Metrics} Metrics */
/** @typedef {import('./grid_layout.js').Section} Section */
/** @typedef {import('./grid_layout.js').Place} Place */

/** Beyond the edge of the window, so that a quick finger sees no holes. */
const MARGIN = 400;
const KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

export class VirtualGrid {
  element = h('div', { class: 'grid', role: 'list' });
  /** @type {Place[]} */
  #places = [];
  /** @type {Place[]} */
  #cards = [];
  /** @type {Section[]} */
  #sections = [];
  /** @type {Map<string, HTMLElement>} by key, headings by '/' and number */
  #shown = new Map();
  /** The card that Tab leads to. */
  #current = '';
  #frame = 0;
  #abort = new AbortController();
  #resized = new ResizeObserver(() => this.layOut());

  /** @param {{metrics: () => Metrics, make: (key: string) => HTMLElement, heading: (section: number) => HTMLElement}} calls make: its link has the attribute data-card, what else Tab leads to data-act */
  constructor(calls) {
    this.calls = calls;
    const { signal } = this.#abort;
    const soon = () => (this.#frame ||= requestAnimationFrame(() => ((this.#frame = 0), this.#fill())));
    window.addEventListener('scroll', soon, { signal, passive: true });
    window.addEventListener('resize', soon, { signal });
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
    this.element.addEventListener('focusin', ({ target }) => {
      const card = /** @type {HTMLElement} */ (target).closest('[data-key]');
      if (card instanceof HTMLElement && card.dataset.key) this.#tabTo(card.dataset.key);
    });
    this.#resized.observe(this.element);
  }

  stop() {
    this.#abort.abort();
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** @param {Section[]} sections */
  show(sections) {
    this.#sections = sections;
    this.layOut();
  }

  /** Those that are there now. @returns {Iterable<[string, HTMLElement]>} */
  get cards() {
    return [...this.#shown].filter(([key]) => !key.startsWith('/'));
  }

  layOut() {
    const { places, height } = gridLayout(this.#sections, this.element.clientWidth, this.calls.metrics());
    this.#places = places;
    this.#cards = places.filter(({ key }) => key);
    if (!this.#cards.some(({ key }) => key === this.#current)) this.#current = this.#cards[0]?.key ?? '';
    this.element.style.height = `${height}px`;
    this.#fill();
  }

  focus() {
    this.#focus(this.#cards.findIndex(({ key }) => key === this.#current));
  }

  /** Elements stay in reading order, for readers and Tab. */
  #fill() {
    const begin = -this.element.getBoundingClientRect().top;
    const wanted = placesBetween(this.#places, begin - MARGIN, begin + innerHeight + MARGIN);
    const keys = new Set(wanted.map((place) => this.#keyOf(place)));
    for (const [key, element] of this.#shown)
      if (!keys.has(key) && !element.contains(document.activeElement)) {
        element.remove();
        this.#shown.delete(key);
      }
    /** @type {HTMLElement|null} */
    let before = null;
    for (const place of wanted) {
      const element = this.#elementOf(place);
      /** @type {Element|null} */
      const next = before ? before.nextElementSibling : this.element.firstElementChild;
      if (next !== element) this.element.insertBefore(element, next);
      before = element;
    }
  }

  /** @param {Place} place */
  #keyOf(place) {
    return place.key || `/${place.section}/${place.heading}`;
  }

  /** @param {Place} place */
  #elementOf(place) {
    const key = this.#keyOf(place);
    let element = this.#shown.get(key);
    if (!element) {
      element = place.key ? this.calls.make(place.key) : this.calls.heading(place.section);
      if (place.key) {
        element.dataset.key = place.key;
        element.setAttribute('role', 'listitem');
      }
      this.#shown.set(key, element);
    }
    Object.assign(element.style, { left: `${place.left}px`, top: `${place.top}px`, width: `${place.width}px`, height: `${place.height}px` });
    if (place.key) {
      element.setAttribute('aria-setsize', String(this.#cards.length));
      element.setAttribute('aria-posinset', String(this.#cards.indexOf(place) + 1));
      this.#reach(element, place.key === this.#current);
    }
    return element;
  }

  /** @param {HTMLElement} card @returns {HTMLElement|null} */
  #link(card) {
    return card.querySelector('[data-card]');
  }

  /** @param {string} key */
  #tabTo(key) {
    this.#current = key;
    for (const [name, card] of this.cards) this.#reach(card, name === key);
  }

  /** @param {HTMLElement} card @param {boolean} on Tab leads to it */
  #reach(card, on) {
    for (const one of card.querySelectorAll('[data-card], [data-act]')) one.setAttribute('tabindex', on ? '0' : '-1');
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (!KEYS.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey || !this.#cards.length) return;
    if (!(event.target instanceof HTMLElement) || !event.target.closest('[data-card]')) return;
    event.preventDefault();
    const at = this.#cards.findIndex(({ key }) => key === this.#current);
    this.#focus(neighbour(this.#cards, Math.max(0, at), /** @type {any} */ (event.key)));
  }

  /** @param {number} at */
  #focus(at) {
    const place = this.#cards[at];
    if (!place) return;
    const card = this.#elementOf(place);
    if (!card.isConnected) this.element.append(card); // #fill sorts it in
    this.#tabTo(place.key);
    this.#link(card)?.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'nearest' });
    this.#fill();
  }
}
