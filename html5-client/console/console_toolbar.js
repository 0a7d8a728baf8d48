/* The console's buttons. They only say what is wanted; the console does it. */

import { CHORDS } from './chords.js';
import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { attachMenu } from '../parts/menu.js';
import { attachToolbar } from '../parts/toolbar.js';

/** @typedef {import('../parts/menu.js').MenuEntry} MenuEntry */
/** @typedef {import('./picture_size.js').SizeMode} SizeMode */
/**
 * @typedef {object} ToolbarCalls
 * @property {(chord: import('./chords.js').Chord) => void} chord
 * @property {() => void} paste
 * @property {() => void} media
 * @property {() => MenuEntry[]} power
 * @property {() => SizeMode} size
 * @property {(mode: SizeMode) => void} setSize
 * @property {() => void} fullscreen
 * @property {() => MenuEntry[]} more
 */

/** @type {{mode: SizeMode, label: string}[]} */
const SIZES = [
  { mode: 'fit', label: 'Fit, sharp' },
  { mode: 'fill', label: 'Fill the room' },
  { mode: 'own', label: 'Own size' },
];

/** @param {string} glyph @param {string} label @param {(() => void)|undefined} run @param {string} [more] */
function button(glyph, label, run, more = '') {
  return h(
    'button',
    { type: 'button', class: `button quiet tool ${more}`, 'aria-label': label, title: label, onclick: run },
    icon(glyph),
    h('span', { class: 'tool-label' }, label),
  );
}

/** @param {string} glyph @param {string} label @param {() => MenuEntry[]} entries */
function menuTool(glyph, label, entries) {
  const opener = button(glyph, label, undefined);
  const wrap = h('div', {}, opener);
  attachMenu(opener, entries);
  return { wrap, opener };
}

export class ConsoleToolbar {
  element = h('div', { class: 'toolbar', 'aria-label': 'Console' });

  /** @param {ToolbarCalls} calls */
  constructor(calls) {
    this.secure = button('lock', 'Ctrl+Alt+Del', () => calls.chord(CHORDS[0]), 'roomy');
    this.keys = menuTool('keyboard', 'Keys', () => CHORDS.map((chord) => ({ label: chord.label, run: () => calls.chord(chord) })));
    this.paste = button('clipboard', 'Type text', calls.paste);
    this.media = button('disc', 'Media', calls.media);
    this.power = menuTool('power', 'Power', calls.power);
    const sizes = () => SIZES.map(({ mode, label }) => ({ label, checked: calls.size() === mode, run: () => calls.setSize(mode) }));
    const size = menuTool('fit', 'Size', sizes);
    const full = button('expand', 'Full screen', calls.fullscreen);
    const more = menuTool('more', 'More', calls.more);
    const { element } = this;
    element.append(this.secure, this.keys.wrap, this.paste, this.media, this.power.wrap, size.wrap, full, more.wrap);
    attachToolbar(element);
  }

  /** @param {{input: boolean, power: boolean}} allowed */
  allow({ input, power }) {
    this.secure.disabled = this.keys.opener.disabled = this.paste.disabled = !input;
    this.power.opener.disabled = !power;
  }

  focus() {
    /** @type {HTMLElement|null} */ (this.element.querySelector('[tabindex="0"]'))?.focus();
  }
}
