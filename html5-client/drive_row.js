/* One virtual drive in the media dialog: what is in it, what went wrong, and the ways to get it out. */

import { h, setText } from './dom.js';
import { icon } from './icons.js';
import { driveWords, kindWords, sizeWords } from './words.js';

/** @typedef {import('./api.js').Drive} Drive */

export class DriveRow {
  #glyph = h('span', { class: 'glyph' });
  #name = h('h3');
  #state = h('p', { class: 'small', role: 'status' });
  #facts = h('p', { class: 'small dim' });
  #eject;
  #force;
  #shownKind = '';

  /** @param {(force: boolean) => void} eject @param {boolean} allowed */
  constructor(eject, allowed) {
    this.allowed = allowed;
    this.#eject = h('button', { type: 'button', class: 'button small', onclick: () => eject(false) }, icon('eject'), 'Eject');
    this.#force = h('button', { type: 'button', class: 'button small quiet', onclick: () => eject(true) }, 'Force');
    this.#force.title = 'Take the medium out although the target holds it';
    const words = h('div', { class: 'drive-words' }, this.#name, this.#state, this.#facts);
    this.element = h('li', { class: 'drive' }, this.#glyph, words, h('div', { class: 'drive-buttons' }, this.#force, this.#eject));
  }

  /** @param {Drive} drive */
  show(drive) {
    const filled = drive.phase !== 'empty' && drive.phase !== 'ejected-by-target';
    if (this.#shownKind !== drive.kind) this.#glyph.replaceChildren(icon(drive.kind === 'cdrom' ? 'disc' : 'stick'));
    this.#shownKind = drive.kind;
    setText(this.#name, `Drive ${drive.index}${filled ? ` · ${kindWords(drive.kind)}` : ''}`);
    const { text, tone } = driveWords(drive);
    setText(this.#state, text);
    this.#state.dataset.tone = tone;
    const facts = [sizeWords(drive.size), drive.read_only ? 'read-only' : 'writable', `${sizeWords(drive.bytes_read)} read`];
    setText(this.#facts, drive.phase === 'inserted' ? facts.join(' · ') : '');
    const name = `drive ${drive.index}`;
    this.#eject.hidden = this.#force.hidden = !this.allowed || !filled;
    this.#eject.setAttribute('aria-label', `Eject ${name}`);
    this.#force.setAttribute('aria-label', `Force ${name} to eject`);
  }
}
