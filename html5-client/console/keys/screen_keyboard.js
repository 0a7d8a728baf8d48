/* A keyboard on the screen: all keys of an ANSI, ISO or Japanese one, with the legends of the target's layout. Modifiers
 * stick for one finger, lock keys show the target's lamps. By pointer, by touch with several fingers, by the keyboard
 * (arrows move, Enter and Space press) and by screen readers. What it holds down it lets go of whatever happens. */

import { h } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { smallBlocks, wideBlocks } from './keyboard_geometry.js';
import { KeyLegends, keyCap, keyName } from './key_legends.js';
import { MEDIA_KEYS, usageOf } from './keymap.js';
import { MODIFIERS, StickyKeys } from './sticky_keys.js';

/** @typedef {import('./keyboard_geometry.js').Kind} Kind */
/** @typedef {import('./keyboard_geometry.js').Block} Block */

const WHO = 'screen';
/** For who presses without holding: a screen reader. */
const TAP_MS = 60;
/** Below that one block is shown at a time; from the second on all three. In pixels of its own width. */
const ALL_FROM = 760;
/** @type {Record<string, 'caps'|'num'|'scroll'>} */
const LOCKS = { CapsLock: 'caps', NumLock: 'num', ScrollLock: 'scroll' };
const PAGES = /** @type {const} */ (['main', 'navigation', 'pad']);

/** @param {string} code */
const usage = (code) => MEDIA_KEYS[code] ?? usageOf(code) ?? 0;

export class ScreenKeyboard {
  #board = h('div', { class: 'osk-board' });
  #pages = h('div', { class: 'osk-pages', role: 'group', 'aria-label': t('keys.pages') });
  element = h('div', { class: 'osk', role: 'group', 'aria-label': t('keys.screen-keyboard') }, this.#pages, this.#board);
  /** @type {Map<string, HTMLButtonElement>} */
  #keys = new Map();
  /** What each pointer presses. @type {Map<number, string>} */
  #pointers = new Map();
  #sticky;
  #legends = new KeyLegends(null);
  /** @type {Kind} */
  #kind = 'ansi';
  #small = false;
  #page = 'main';
  #leds = { caps: false, num: false, scroll: false };
  #abort = new AbortController();
  #resized = new ResizeObserver(([entry]) => this.#resize(entry.contentRect.width));

  /** @param {import('./held_keys.js').HeldKeys} held what is down on the target (KeyboardInput's) @param {() => boolean} active keys go there now */
  constructor(held, active = () => true) {
    this.held = held;
    this.active = active;
    this.#sticky = new StickyKeys((code, down) => held.set(WHO, usage(code), down));
    held.onClear(() => this.#cleared(), this.#abort.signal);
    held.onChange(() => this.#show(), this.#abort.signal);
    this.element.addEventListener('contextmenu', (event) => event.preventDefault());
    this.element.addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays on the picture
    this.#resized.observe(this.element);
    this.#build();
  }

  /** @param {import('./key_legends.js').Layout|null} layout null: US legends @param {Kind} kind */
  setLayout(layout, kind) {
    this.#legends = new KeyLegends(layout);
    this.#kind = kind === 'iso' && layout && this.#legends.of('IntlRo') ? 'abnt' : kind;
    this.#build();
  }

  /** @param {{caps: boolean, num: boolean, scroll: boolean}} leds of the target */
  setLeds(leds) {
    this.#leds = leds;
    this.#show();
  }

  /** Lets go of everything, for when it is closed. */
  release() {
    this.#pointers.clear();
    this.#sticky.clear();
    this.held.release(WHO);
    this.#show();
  }

  remove() {
    this.release();
    this.#abort.abort();
    this.#resized.disconnect();
    this.element.remove();
  }

  /** @param {number} width */
  #resize(width) {
    const small = width < ALL_FROM;
    if (small === this.#small || !width) return;
    this.#small = small;
    this.#build();
  }

  #build() {
    this.release();
    this.#keys.clear();
    this.element.dataset.small = String(this.#small);
    const blocks = this.#small ? smallBlocks(this.#kind).filter(({ name }) => name === this.#page) : wideBlocks(this.#kind);
    this.#board.replaceChildren(...blocks.map((block) => this.#block(block)));
    this.#board.style.setProperty('--columns', String(blocks.reduce((sum, { width }) => sum + width, 0)));
    this.#pages.hidden = !this.#small;
    this.#pages.replaceChildren(...PAGES.map((page) => this.#pageButton(page)));
    this.#rove([...this.#keys.values()][0]);
    this.#show();
  }

  /** @param {typeof PAGES[number]} page */
  #pageButton(page) {
    const choose = () => {
      this.#page = page;
      const focused = this.#pages.contains(document.activeElement);
      this.#build();
      if (focused) /** @type {HTMLElement|null} */ (this.#pages.querySelector('[aria-pressed="true"]'))?.focus();
    };
    return h('button', { type: 'button', class: 'button small quiet', 'aria-pressed': String(page === this.#page), onclick: choose }, t(`keys.page-${page}`));
  }

  /** @param {Block} block */
  #block({ name, width, height, keys }) {
    const element = h('div', { class: 'osk-block', 'data-block': name });
    element.style.setProperty('--width', String(width));
    element.style.setProperty('--height', String(height));
    for (const key of keys) element.append(this.#key(key));
    return element;
  }

  /** @param {import('./keyboard_geometry.js').Key} key */
  #key({ code, x, y, w, h: height }) {
    const legend = this.#legends.of(code);
    const caps = legend
      ? [h('span', { class: 'osk-base' }, legend.base), legend.shift && h('span', { class: 'osk-shift' }, legend.shift), legend.third && h('span', { class: 'osk-third' }, legend.third)]
      : [h('span', { class: 'osk-name' }, keyCap(code))];
    const name = legend ? [legend.base, legend.shift, legend.third].filter(Boolean).join(' ') : keyName(code);
    const button = h('button', { type: 'button', class: 'osk-key', tabindex: -1, 'data-code': code, 'aria-label': name }, ...caps);
    button.style.gridArea = `${y + 1} / ${x + 1} / span ${height} / span ${w}`;
    this.#listen(button, code);
    this.#keys.set(code, button);
    return button;
  }

  /** @param {HTMLButtonElement} button @param {string} code */
  #listen(button, code) {
    const end = (/** @type {PointerEvent} */ { pointerId }) => this.#lift(pointerId);
    button.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      // touch captures by itself: then leaving would not be seen
      if (button.hasPointerCapture(event.pointerId)) button.releasePointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, code);
      this.#press(code);
    });
    for (const type of /** @type {const} */ (['pointerup', 'pointercancel', 'pointerleave'])) button.addEventListener(type, end);
    button.addEventListener('click', (event) => {
      if (event.detail === 0 && !this.#byKey) this.#tap(code); // neither pointer nor key: a screen reader
    });
    button.addEventListener('keydown', (event) => this.#keyed(event, code));
    button.addEventListener('keyup', (event) => this.#unkeyed(event));
    button.addEventListener('blur', () => this.#unkeyed(null));
    button.addEventListener('focus', () => this.#rove(button));
  }

  /** What Enter or Space of the real keyboard presses here. */
  #byKey = '';

  /** @param {KeyboardEvent} event @param {string} code */
  #keyed(event, code) {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (event.repeat || this.#byKey) return;
      this.#byKey = code;
      this.#press(code);
    } else this.#move(event, code);
  }

  /** @param {KeyboardEvent|null} event null: the focus went away */
  #unkeyed(event) {
    if (!this.#byKey || (event && event.key !== 'Enter' && event.key !== ' ')) return;
    event?.preventDefault();
    const code = this.#byKey;
    this.#byKey = '';
    this.#letGo(code);
  }

  /** @param {string} code */
  #press(code) {
    if (!this.active()) return;
    if (MODIFIERS.includes(code)) this.#sticky.tap(code);
    else this.held.set(WHO, usage(code), true);
    this.#show();
  }

  /** @param {number} pointer */
  #lift(pointer) {
    const code = this.#pointers.get(pointer);
    this.#pointers.delete(pointer);
    if (code) this.#letGo(code);
  }

  /** @param {string} code */
  #letGo(code) {
    if (!MODIFIERS.includes(code)) {
      this.held.set(WHO, usage(code), false);
      this.#sticky.used();
    }
    this.#show();
  }

  /** @param {string} code */
  #tap(code) {
    this.#press(code);
    setTimeout(() => this.#letGo(code), TAP_MS);
  }

  #cleared() {
    this.#pointers.clear();
    this.#sticky.clear();
    this.#byKey = '';
    this.#show();
  }

  #show() {
    for (const [code, button] of this.#keys) {
      const lock = LOCKS[code];
      button.dataset.down = String(this.held.isDown(usage(code)));
      if (lock) button.setAttribute('aria-pressed', String(this.#leds[lock]));
      if (!MODIFIERS.includes(code)) continue;
      const state = this.#sticky.state(code);
      button.dataset.sticky = state;
      button.setAttribute('aria-pressed', state === 'once' ? 'mixed' : String(state === 'locked'));
    }
  }

  /** One stop for Tab. @param {HTMLButtonElement|undefined} current */
  #rove(current) {
    for (const button of this.#keys.values()) button.tabIndex = button === current ? 0 : -1;
  }

  /** To the nearest key in that direction. @param {KeyboardEvent} event @param {string} code */
  #move(event, code) {
    const from = this.#keys.get(code)?.getBoundingClientRect();
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way || !from) return;
    event.preventDefault();
    event.stopPropagation();
    nearest([...this.#keys.values()], from, way)?.focus();
  }
}

/** @param {HTMLButtonElement[]} keys @param {DOMRect} from @param {[number, number]} way */
function nearest(keys, from, [dx, dy]) {
  const middle = (/** @type {DOMRect} */ box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const key of keys) {
    const [kx, ky] = middle(key.getBoundingClientRect());
    const along = (kx - x) * dx + (ky - y) * dy;
    const aside = Math.abs(dx ? ky - y : kx - x);
    const distance = along + aside * 3;
    if (along > 4 && distance < least) [best, least] = [key, distance];
  }
  return best;
}

