/* One virtual drive in the media dialog: what is in it, where that comes from, how it goes, and the ways to change it. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { copyWords, factWords, isFilled, linkWords } from './media_words.js';
import { driveWords, kindWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

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
    this.eject = h('button', { type: 'button', class: 'button small', onclick: () => calls.eject(false) }, icon('eject'), t('media.eject'));
    this.force = button(t('media.force'), () => calls.eject(true), 'quiet');
    this.force.title = t('media.force-hint');
    this.repick = button(t('media.pick-again'), calls.repick, 'primary');
    this.exportOverlay = button(t('media.save-changes-more'), calls.exportOverlay, 'quiet');
    this.exportOverlay.title = t('media.save-changes-hint');
    this.discardOverlay = button(t('media.discard-kept'), calls.discardOverlay, 'quiet');
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
    setText(this.#name, filled ? t('media.drive-head-kind', { index: drive.index, kind: kindWords(drive.kind) }) : t('media.drive-head', { index: drive.index }));
    const { text, tone } = driveWords(drive);
    setText(this.#state, text);
    this.#state.dataset.tone = tone;
  }

  /** @param {Drive} drive @param {boolean} here @param {boolean} inserted */
  #showCopy(drive, here, inserted) {
    const { copy } = drive;
    this.#progress.hidden = !inserted || !copy || copy.complete;
    if (copy) [this.#progress.max, this.#progress.value] = [copy.size || 1, copy.done];
    this.#progress.setAttribute('aria-label', t('media.copy-of', { index: drive.index }));
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
    const { index } = drive;
    for (const [element, label] of /** @type {const} */ ([
      [this.eject, t('media.eject-drive', { index })],
      [this.force, t('media.force-drive', { index })],
      [this.repick, t('media.pick-drive', { index })],
      [this.exportOverlay, t('media.save-drive', { index })],
      [this.discardOverlay, t('media.discard-drive', { index })],
    ]))
      element.setAttribute('aria-label', label);
  }
}
