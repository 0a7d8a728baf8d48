/* One virtual drive in the media dialog: what is in it, where that comes from, how it goes, and the ways to change it. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { copyWords, factWords, isFilled, linkWords } from './media_words.js';
import { driveWords, kindWords } from '../parts/words.js';

/** @typedef {import('./media_api.js').Drive} Drive */
/**
 * @typedef {object} DriveCalls
 * @property {(force: boolean) => void} eject
 * @property {() => void} repick its file, which nobody brings
 * @property {() => void} exportOverlay
 * @property {() => void} discardOverlay
 */

/** The light shines while the target used the drive this lately. */
const ACTIVE_MS = 1500;

/** @param {string} label @param {() => void} run @param {string} [more] */
const button = (label, run, more = '') => h('button', { type: 'button', class: `button small ${more}`, onclick: run }, label);

export class DriveRow {
  #glyph = h('span', { class: 'glyph' });
  #light = h('span', { class: 'activity', 'aria-hidden': 'true' });
  #name = h('h3');
  #state = h('p', { class: 'small', role: 'status' });
  #facts = h('p', { class: 'small dim drive-facts' });
  #firmware = h('p', { class: 'small dim' });
  #link = h('p', { class: 'small drive-link', role: 'status' });
  #progress = h('progress', { hidden: true });
  #copy = h('p', { class: 'small dim' });
  #shownKind = '';
  #refused = false;

  /** @param {DriveCalls} calls @param {{media: boolean, library: boolean}} allowed */
  constructor(calls, allowed) {
    this.allowed = allowed;
    this.eject = h('button', { type: 'button', class: 'button small', onclick: () => calls.eject(false) }, icon('eject'), 'Eject');
    this.force = button('Force', () => calls.eject(true), 'quiet');
    this.force.title = 'Take the medium out although the target holds it';
    this.repick = button('Pick again …', calls.repick, 'primary');
    this.exportOverlay = button('Save changes …', calls.exportOverlay, 'quiet');
    this.exportOverlay.title = 'Make a new image of the library: this one with what the target has changed';
    this.discardOverlay = button('Discard kept changes', calls.discardOverlay, 'quiet');
    const words = h(
      'div',
      { class: 'drive-words' },
      this.#name, this.#state, this.#facts, this.#firmware, this.#link, this.#progress, this.#copy,
      h('div', { class: 'drive-more' }, this.exportOverlay, this.discardOverlay),
    );
    const buttons = h('div', { class: 'drive-buttons' }, this.repick, this.force, this.eject);
    this.element = h('li', { class: 'drive' }, h('span', { class: 'drive-glyph' }, this.#glyph, this.#light), words, buttons);
  }

  /** An eject was refused: what else there is comes into sight. */
  refused() {
    this.#refused = true;
  }

  /**
   * @param {Drive} drive @param {import('./served_files.js').Served|null} served by this page
   * @param {boolean} brought by this page, which is no longer needed for it
   */
  show(drive, served, brought) {
    const filled = isFilled(drive);
    const inserted = drive.phase === 'inserted';
    if (!filled) this.#refused = false;
    this.element.toggleAttribute('data-empty', !filled && drive.phase !== 'failed');
    this.#showHead(drive, filled);
    const here = served !== null;
    setText(this.#facts, inserted ? factWords(drive, here) : '');
    setText(this.#firmware, inserted ? (drive.firmware ?? '') : '');
    const link = inserted ? linkWords(drive, served?.state ?? null) : null;
    setText(this.#link, link?.text ?? '');
    this.#link.dataset.tone = link?.tone ?? '';
    this.#showCopy(drive, here || brought, inserted);
    this.#showButtons(drive, here, filled);
    this.#light.dataset.on = String(inserted && drive.idle_ms !== null && drive.idle_ms < ACTIVE_MS);
  }

  /** @param {Drive} drive @param {boolean} filled */
  #showHead(drive, filled) {
    if (this.#shownKind !== drive.kind) this.#glyph.replaceChildren(icon(drive.kind === 'cdrom' ? 'disc' : 'stick'));
    this.#shownKind = drive.kind;
    setText(this.#name, `Drive ${drive.index}${filled ? ` · ${kindWords(drive.kind)}` : ''}`);
    const { text, tone } = driveWords(drive);
    setText(this.#state, text);
    this.#state.dataset.tone = tone;
  }

  /** @param {Drive} drive @param {boolean} here @param {boolean} inserted */
  #showCopy(drive, here, inserted) {
    const { copy } = drive;
    this.#progress.hidden = !inserted || !copy || copy.complete;
    if (copy) [this.#progress.max, this.#progress.value] = [copy.size || 1, copy.done];
    this.#progress.setAttribute('aria-label', `Copy of drive ${drive.index}’s medium to the library`);
    setText(this.#copy, inserted ? copyWords(drive, here) : '');
  }

  /** @param {Drive} drive @param {boolean} here @param {boolean} filled */
  #showButtons(drive, here, filled) {
    const { media, library } = this.allowed;
    const inserted = drive.phase === 'inserted';
    const overlaid = (drive.overlay ?? 'none') !== 'none' && drive.changed > 0;
    this.eject.hidden = !media || !filled;
    this.force.hidden = !media || !filled || !(drive.locked || this.#refused || drive.phase === 'ejecting');
    this.repick.hidden = !media || !inserted || drive.origin !== 'stream' || here || drive.link === 'good';
    this.exportOverlay.hidden = !media || !library || !inserted || !overlaid;
    this.discardOverlay.hidden = !media || !library || filled || !overlaid;
    const name = `drive ${drive.index}`;
    for (const [element, label] of /** @type {const} */ ([
      [this.eject, `Eject ${name}`],
      [this.force, `Force ${name} to eject`],
      [this.repick, `Pick the file of ${name} again`],
      [this.exportOverlay, `Save the changes of ${name} as a new image`],
      [this.discardOverlay, `Discard the kept changes of ${name}`],
    ]))
      element.setAttribute('aria-label', label);
  }
}
