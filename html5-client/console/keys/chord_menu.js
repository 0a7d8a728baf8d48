/* All combinations, to be searched: what is used most on this target first, one's own, and any that can be named or
 * pressed. */

import { confirmDialog, openDialog } from '../../parts/dialog.js';
import { h, newId, setText } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { t } from '../../parts/messages.js';
import { CHORDS, isMedia } from './chords.js';
import { KeyField } from './key_field.js';
import { chordTitle, parseChord } from './key_names.js';

/** @typedef {import('./chord_memory.js').ChordMemory} ChordMemory */
/** @typedef {{text: string, label: string, words: string, group: string, danger?: boolean, own?: boolean}} Row */

const GROUPS = ['used', 'own', 'common', 'windows', 'linux', 'sysrq', 'media'];
const MOST_USED = 6;

/** @param {string} text @returns {Row} */
function rowOf(text) {
  const known = CHORDS.find((chord) => chord.text === text);
  return { text, label: chordTitle(text), words: known?.words ? t(known.words) : '', group: known?.group ?? 'own', danger: known?.danger };
}

/** @param {ChordMemory} memory @param {string} wanted @returns {Row[]} */
export function chordRows(memory, wanted) {
  const words = wanted.toLowerCase().split(/[\s+]+/).filter(Boolean);
  const fits = (/** @type {Row} */ { label, text, words: what }) => words.every((word) => `${label} ${text} ${what}`.toLowerCase().includes(word));
  const used = wanted ? [] : memory.mostUsed(MOST_USED).map((text) => ({ ...rowOf(text), group: 'used' }));
  const own = memory.own.map((text) => ({ ...rowOf(text), group: 'own', own: true }));
  const rows = [...used, ...own, ...CHORDS.map(({ text }) => rowOf(text))].filter(fits);
  return rows.sort((one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group));
}

/**
 * @param {string} target
 * @param {ChordMemory} memory
 * @param {(text: string) => void} send
 */
export function openChordMenu(target, memory, send) {
  const id = newId('chords');
  const search = h('input', { class: 'input', id, type: 'search', autocomplete: 'off', spellcheck: 'false', autofocus: true, 'aria-describedby': `${id}-hint` });
  const list = h('div', { class: 'chord-list' });
  const state = h('p', { class: 'small dim', role: 'status' });
  const field = new KeyField(t('keys.press-keys'), (text) => {
    search.value = text;
    show();
  });

  /** @param {Row} row */
  const choose = async (row) => {
    const sure = !row.danger || (await confirmDialog({ title: row.label, text: t('keys.chord-danger', { what: row.words, target }), action: t('keys.send') }));
    if (!sure) return;
    dialog.close();
    send(row.text);
  };
  /** @param {Row} row */
  const line = (row) => {
    const button = h('button', { type: 'button', class: 'chord-row', 'data-tone': row.danger ? 'danger' : '', onclick: () => void choose(row) }, h('kbd', {}, row.label), h('span', { class: 'dim' }, row.words));
    const label = t('keys.forget-chord', { chord: row.label });
    const forget = h('button', { type: 'button', class: 'button quiet square small', 'aria-label': label, title: label, onclick: () => (memory.remove(row.text), show(), search.focus()) }, icon('close'));
    return h('li', {}, button, row.own && forget);
  };
  const named = () => {
    const text = search.value.trim().toLowerCase().replaceAll(' ', '');
    const usages = text ? parseChord(text) : null;
    if (!usages || CHORDS.some((chord) => chord.text === text) || memory.own.includes(text)) return null;
    const row = { text, label: chordTitle(text), words: isMedia(usages) ? t('keys.media-only-some') : '', group: 'own' };
    const keep = h('button', { type: 'button', class: 'button small', onclick: () => (memory.add(text), show()) }, t('keys.keep-chord'));
    return h('ul', {}, h('li', {}, h('button', { type: 'button', class: 'chord-row', onclick: () => void choose(row) }, t('keys.send-chord', { chord: row.label })), keep));
  };
  const show = () => {
    const rows = chordRows(memory, search.value.trim());
    const composed = named();
    const groups = GROUPS.map((group) => ({ group, rows: rows.filter((row) => row.group === group) })).filter(({ rows: some }) => some.length);
    list.replaceChildren(
      ...(composed ? [composed] : []),
      ...groups.map(({ group, rows: some }) => h('section', {}, h('h3', {}, t(`keys.group-${group}`)), h('ul', {}, ...some.map(line)))),
    );
    setText(state, rows.length || composed ? '' : t('keys.no-chord'));
  };
  search.addEventListener('input', show);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') /** @type {HTMLElement|null} */ (list.querySelector('.chord-row'))?.click();
  });
  // Up and down lead through the list, from the search and back.
  const move = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const stops = [search, .../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll('.chord-row'))];
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = stops[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  };
  const body = h('div', { class: 'chord-menu' },
    h('div', { class: 'field' }, h('label', { for: id }, t('keys.search')), h('div', { class: 'chord-search' }, search, field.element), h('p', { class: 'hint', id: `${id}-hint` }, t('keys.search-hint'))),
    state, list);
  body.addEventListener('keydown', move);
  const dialog = openDialog({ title: t('keys.chords-title', { target }), body: [body] });
  show();
}
