/* The frame of every dialog: a native modal <dialog> with title, body and buttons; it is gone when closed. */

import { h, newId } from './dom.js';
import { icon } from './icons.js';
import { t } from './messages.js';

/**
 * @param {{title: string, body: Node[], foot?: Node[], onclose?: () => void}} parts
 * @returns {HTMLDialogElement} already open
 */
export function openDialog({ title, body, foot = [], onclose }) {
  const id = newId('dialog');
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': id });
  const close = h(
    'button',
    { type: 'button', class: 'button quiet square', 'aria-label': t('words.close'), onclick: () => dialog.close() },
    icon('close'),
  );
  dialog.append(
    h(
      'div',
      { class: 'dialog-form' },
      h('div', { class: 'dialog-head' }, h('h2', { id }, title), close),
      h('div', { class: 'dialog-body' }, ...body),
      foot.length > 0 && h('div', { class: 'dialog-foot' }, ...foot),
    ),
  );
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  const { hash } = location;
  const moved = () => location.hash !== hash && dialog.close(); // Back does not leave it over another view
  window.addEventListener('hashchange', moved);
  dialog.addEventListener('close', () => {
    window.removeEventListener('hashchange', moved);
    dialog.remove();
    onclose?.();
  });
  const room = /** @type {HTMLElement} */ (dialog.querySelector('.dialog-body'));
  // Inside what is fullscreen, or the dialog would be under it in browsers that trap the top layer.
  (document.fullscreenElement ?? document.body).append(dialog);
  dialog.showModal();
  const stops = [...room.querySelectorAll('a, button, input, select, textarea, [tabindex]')];
  if (!stops.some((one) => one.checkVisibility() && !one.matches(':disabled'))) room.tabIndex = 0; // keys scroll it
  return dialog;
}

/** None stays over a view that it does not belong to. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
}

/**
 * @param {{title: string, text: string, action: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmDialog({ title, text, action }) {
  return new Promise((resolve) => {
    let agreed = false;
    const cancel = h('button', { type: 'button', class: 'button', autofocus: true }, t('words.cancel'));
    const agree = h('button', { type: 'button', class: 'button danger' }, action);
    const dialog = openDialog({
      title,
      body: [h('p', { class: 'dim' }, text)],
      foot: [cancel, agree],
      onclose: () => resolve(agreed),
    });
    cancel.addEventListener('click', () => dialog.close());
    agree.addEventListener('click', () => {
      agreed = true;
      dialog.close();
    });
  });
}
