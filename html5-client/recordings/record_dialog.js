/* How a recording shall be: a film or single pictures, and a note. */

import { sentence } from '../api.js';
import { openDialog } from '../parts/dialog.js';
import { h, newId, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { recordingsApi } from './recordings_api.js';

const USUAL_S = 5;
const MOST_S = 3600;

/** @param {string} target */
export function openRecordDialog(target) {
  const [secondsId, noteId, name] = [newId('every'), newId('note'), newId('kind')];
  const seconds = h('input', { class: 'input', id: secondsId, type: 'number', min: 1, max: MOST_S, value: USUAL_S, required: true, disabled: true });
  const note = h('input', { class: 'input', id: noteId, type: 'text', maxlength: 250 });
  const message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  /** @param {'video'|'pictures'} kind @param {string} label @param {string} hint */
  const choice = (kind, label, hint) =>
    h('label', { class: 'record-choice' }, h('input', { type: 'radio', name, value: kind, checked: kind === 'video', onchange: () => (seconds.disabled = kind === 'video') }), h('span', {}, h('strong', {}, label), h('span', { class: 'dim' }, hint)));
  const begin = h('button', { class: 'button primary' }, t('recordings.begin-now'));
  const cancel = h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('recordings.cancel'));
  const form = h(
    'form',
    { class: 'record-form', onsubmit: (/** @type {Event} */ event) => void submit(event) },
    h('fieldset', {}, h('legend', { class: 'for-readers' }, t('recordings.kind')), choice('video', t('recordings.film'), t('recordings.film-hint')), choice('pictures', t('recordings.pictures'), t('recordings.pictures-hint'))),
    h('div', { class: 'field' }, h('label', { for: secondsId }, t('recordings.seconds')), seconds),
    h('div', { class: 'field' }, h('label', { for: noteId }, t('recordings.note-label')), note),
    h('p', { class: 'dim' }, t('recordings.all-are-told')),
    message,
    h('div', { class: 'ask-foot' }, cancel, begin),
  );
  const dialog = openDialog({ title: t('recordings.begin-title', { target }), body: [form] });

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const kind = /** @type {'video'|'pictures'} */ (new FormData(form).get(name));
    begin.setAttribute('aria-busy', 'true');
    try {
      await recordingsApi.start(target, { note: note.value.trim(), kind, ...(kind === 'pictures' && { every: Number(seconds.value) }) });
      dialog.close();
    } catch (error) {
      setText(message, sentence(error));
    }
    begin.removeAttribute('aria-busy');
  }
}
