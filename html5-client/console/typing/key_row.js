/* Keys that phones' keyboards lack, in two rows of eight: modifiers that stick, arrows, and a drawer of function keys. */

import { h } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { t } from '../../parts/messages.js';
import { chordTitle } from '../keys/key_names.js';
import { usageOf } from '../keys/keymap.js';
import { MODIFIERS, StickyKeys } from '../keys/sticky_keys.js';

const WHO = 'row';
/** For what is pressed without being held: by a screen reader or Enter, and Ctrl+Alt+Del. */
const TAP_MS = 60;
/** @type {import('./char_strokes.js').Stroke} Ctrl+Alt+Del */
const SECURE = { usage: 0x4c, held: [0xe0, 0xe2] };

const FIRST = ['Escape', 'Tab', 'ControlLeft', 'AltLeft', 'MetaLeft', 'ShiftLeft', 'AltRight'];
const SECOND = ['ArrowLeft', 'ArrowDown', 'ArrowUp', 'ArrowRight', 'Home', 'End', 'Delete'];
const DRAWER = ['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9', 'F10', 'F11', 'F12', 'PageUp', 'PageDown'];
/** @type {Record<string, string>} */
const SIGNS = { ArrowLeft: '←', ArrowDown: '↓', ArrowUp: '↑', ArrowRight: '→' };

/** @param {string} code */
const cap = (code) => SIGNS[code] ?? (/^F\d/.test(code) ? code : t(`softkeys.${code}`));

export class KeyRow {
  #keys = h('div', { class: 'row-keys' });
  element = h('div', { class: 'key-row', role: 'group', 'aria-label': t('softkeys.row'), hidden: true }, this.#keys);
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #sticky;
  #drawer = false;

  /**
   * @param {import('./soft_typist.js').SoftTypist} typist all keys go through it, so that each waits for what was typed before it
   * @param {() => boolean} active keys go to the target now @param {(() => void)|null} keyboard shows the one with all keys, where there is one
   */
  constructor(typist, active, keyboard) {
    const { held } = typist;
    this.held = held;
    this.typist = typist;
    this.active = active;
    this.keyboard = keyboard;
    this.#sticky = new StickyKeys((code, down) => held.set(WHO, usageOf(code) ?? 0, down));
    held.onClear(() => {
      this.#sticky.clear();
      this.#show();
    });
    this.element.addEventListener('contextmenu', (event) => event.preventDefault());
    // The focus stays in the field, or the phone would take its keyboard away.
    for (const name of /** @type {const} */ (['pointerdown', 'mousedown'])) this.element.addEventListener(name, (event) => event.preventDefault());
    this.#build();
  }

  /** @param {boolean} shown */
  show(shown) {
    this.element.hidden = !shown;
    if (!shown) this.typist.change(() => this.#release());
  }

  /** Another key has been pressed and let go: those that stick once go up. */
  used() {
    this.#sticky.used();
    this.#show();
  }

  #release() {
    this.#sticky.clear();
    this.held.release(WHO);
    this.#show();
  }

  #build() {
    this.#buttons.clear();
    const keyboard = this.keyboard && this.#act('all', [icon('keyboard')], t('softkeys.all'), this.keyboard);
    const secure = this.#act('secure', ['C-A-D'], chordTitle('ctrl+alt+delete'), () => this.#tap(SECURE));
    const drawer = this.#act('drawer', [this.#drawer ? icon('close') : 'F1…'], t(this.#drawer ? 'softkeys.drawer-close' : 'softkeys.drawer'), () => this.#switch());
    drawer.setAttribute('aria-expanded', String(this.#drawer));
    const first = [...FIRST.map((code) => this.#key(code)), keyboard ?? this.#key('Insert')];
    this.#keys.replaceChildren(...(this.#drawer ? [...DRAWER.map((code) => this.#key(code)), secure, drawer] : [...first, ...SECOND.map((code) => this.#key(code)), drawer]));
    this.#show();
  }

  #switch() {
    this.#drawer = !this.#drawer;
    const focused = this.element.contains(document.activeElement);
    this.#build();
    if (focused) /** @type {HTMLElement|null} */ (this.element.querySelector('[data-key="drawer"]'))?.focus({ preventScroll: true });
  }

  /** @param {string} name @param {(Node|string)[]} face @param {string} label @param {() => void} run */
  #act(name, face, label, run) {
    return h('button', { type: 'button', class: 'row-key', 'data-key': name, 'aria-label': label, title: label, onclick: run }, ...face);
  }

  /** @param {string} code */
  #key(code) {
    const label = /^F\d/.test(code) ? code : t(`softkeys.${code}-name`);
    const button = h('button', { type: 'button', class: 'row-key', 'data-key': code, 'aria-label': label }, cap(code));
    if (MODIFIERS.includes(code)) button.addEventListener('click', () => this.#tapModifier(code));
    else this.#holdable(button, code);
    this.#buttons.set(code, button);
    return button;
  }

  /** @param {import('./char_strokes.js').Stroke} stroke */
  #tap(stroke) {
    if (this.active()) this.typist.type([stroke], TAP_MS);
  }

  /** @param {string} code */
  #tapModifier(code) {
    if (!this.active()) return;
    this.typist.change(() => {
      this.#sticky.tap(code);
      this.#show();
    });
  }

  /** Down as long as the finger is: the target repeats it by itself. @param {HTMLButtonElement} button @param {string} code */
  #holdable(button, code) {
    const usage = usageOf(code) ?? 0;
    let down = false;
    const up = () => {
      if (!down) return;
      down = false;
      button.removeAttribute('data-down');
      this.typist.change(() => {
        this.held.set(WHO, usage, false);
        this.used();
      });
    };
    button.addEventListener('pointerdown', (event) => {
      if (!this.active() || event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      down = true;
      button.dataset.down = 'true';
      this.typist.change(() => this.held.set(WHO, usage, true));
    });
    for (const name of /** @type {const} */ (['pointerup', 'pointercancel', 'lostpointercapture'])) button.addEventListener(name, up);
    button.addEventListener('click', (event) => {
      if (event.detail === 0) this.#tap({ usage, held: [] }); // else a pointer has pressed it already
    });
  }

  #show() {
    for (const code of MODIFIERS) {
      const button = this.#buttons.get(code);
      if (!button) continue;
      const state = this.#sticky.state(code);
      button.setAttribute('aria-pressed', String(state !== 'off'));
      button.dataset.state = state;
      button.setAttribute('aria-label', t(`softkeys.${code}-name`) + (state === 'locked' ? `, ${t('softkeys.locked')}` : ''));
    }
  }
}
