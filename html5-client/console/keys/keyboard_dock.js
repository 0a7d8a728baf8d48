/* Where the keyboard on the screen stands: below the picture, or as a panel that is moved about; with its choice of
 * geometry. Loaded when it is wanted. */

import { h, newId, setText } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { kept } from '../../parts/kept.js';
import { t } from '../../parts/messages.js';
import { keySettings, changeKeySettings } from './key_settings.js';
import { readLayout } from '../macros/macro_api.js';
import { ScreenKeyboard } from './screen_keyboard.js';

const KEPT = 'keyboard-dock';
const STEP = 24;

const keptPlace = () => {
  try {
    return { floating: false, x: 40, y: 80, ...JSON.parse(kept.read(KEPT) ?? '{}') };
  } catch {
    return { floating: false, x: 40, y: 80 };
  }
};

export class KeyboardDock {
  #place = keptPlace();
  #float = h('button', { type: 'button', class: 'button quiet small', onclick: () => this.#setFloating(!this.#place.floating) });
  #handle = h('button', { type: 'button', class: 'osk-handle', 'aria-label': t('keys.move-keyboard'), title: t('keys.move-keyboard') }, h('span', { 'aria-hidden': 'true' }, '⠿'));
  #other = h('button', { type: 'button', class: 'button quiet small osk-layout', hidden: true, onclick: () => this.context.run('layout') });
  #keyboard;
  #abort = new AbortController();
  #layout = '';
  /** @type {import('./key_legends.js').Layout|null} */
  #legends = null;

  /** @param {import('../console_context.js').ConsoleContext} context @param {() => void} close */
  constructor(context, close) {
    this.context = context;
    const { keyboard } = context.screen.input;
    this.#keyboard = new ScreenKeyboard(keyboard.held, () => context.state.admitted);
    const label = t('keys.close-keyboard');
    const shut = h('button', { type: 'button', class: 'button quiet square small', 'aria-label': label, title: label, onclick: close }, icon('close'));
    const head = h('div', { class: 'osk-head' }, this.#handle, h('span', { class: 'osk-title' }, t('keys.screen-keyboard')), this.#other, this.#geometry(), this.#float, shut);
    this.element = h('section', { class: 'osk-dock', 'aria-label': t('keys.screen-keyboard') }, head, this.#keyboard.element);
    this.#drag();
    this.#setFloating(this.#place.floating);
    window.addEventListener('resize', () => this.#put(), { signal: this.#abort.signal });
  }

  /** @param {{caps: boolean, num: boolean, scroll: boolean}} leds */
  setLeds(leds) {
    this.#keyboard.setLeds(leds);
  }

  /** @param {{layout: string, own: string}} names in use, and the target's own */
  async setLayout({ layout, own }) {
    this.#other.hidden = layout === own;
    setText(this.#other, t('keys.layout-other', { layout, own }));
    if (layout === this.#layout) return;
    this.#layout = layout;
    try {
      this.#legends = await readLayout(layout);
    } catch {
      this.#legends = null; // a gateway without legends: those of the US
    }
    this.#showKind();
  }

  remove() {
    this.#abort.abort();
    this.#keyboard.remove();
    this.element.remove();
  }

  #showKind() {
    const { geometry } = keySettings();
    this.#keyboard.setLayout(this.#legends, geometry === 'auto' ? (this.#legends?.kind ?? 'ansi') : geometry);
  }

  #geometry() {
    const id = newId('geometry');
    const choices = /** @type {const} */ (['auto', 'ansi', 'iso', 'jis']);
    const select = h('select', { class: 'input small', id, 'aria-label': t('keys.geometry') }, ...choices.map((value) => h('option', { value }, t(`keys.geometry-${value}`))));
    select.value = keySettings().geometry;
    select.addEventListener('change', () => {
      changeKeySettings({ geometry: /** @type {'auto'|'ansi'|'iso'|'jis'} */ (select.value) });
      this.#showKind();
    });
    return select;
  }

  /** @param {boolean} floating */
  #setFloating(floating) {
    this.#place = { ...this.#place, floating };
    this.element.dataset.floating = String(floating);
    this.#float.textContent = t(floating ? 'keys.dock' : 'keys.undock');
    this.#handle.hidden = !floating;
    this.#put();
    this.#keep();
  }

  /** Never out of sight. */
  #put() {
    const { floating, x, y } = this.#place;
    if (!floating) return this.element.removeAttribute('style');
    const { width, height } = this.element.getBoundingClientRect();
    const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(0, Math.min(value, most));
    this.element.style.left = `${within(x, innerWidth - width)}px`;
    this.element.style.top = `${within(y, innerHeight - height)}px`;
  }

  #keep() {
    kept.keep(KEPT, JSON.stringify(this.#place));
  }

  /** @param {number} dx @param {number} dy */
  #move(dx, dy) {
    const box = this.element.getBoundingClientRect();
    this.#place = { ...this.#place, x: box.x + dx, y: box.y + dy };
    this.#put();
  }

  #drag() {
    const handle = this.#handle;
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener('pointermove', (event) => handle.hasPointerCapture(event.pointerId) && this.#move(event.movementX, event.movementY));
    handle.addEventListener('lostpointercapture', () => this.#keep());
    handle.addEventListener('keydown', (event) => {
      /** @type {Record<string, [number, number]>} */
      const ways = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
      const way = ways[event.key];
      if (!way) return;
      event.preventDefault();
      this.#move(...way);
      this.#keep();
    });
  }
}
