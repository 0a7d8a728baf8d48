/* Whether something that was typed would be lost, asked before a view or the page is left. */

import { confirmDialog } from '../parts/dialog.js';
import { t } from '../parts/messages.js';

/** @type {(() => boolean)|null} */
let unsaved = null;

/** From now on; null: there is nothing that could be lost. @param {(() => boolean)|null} asked */
export function watchUnsaved(asked) {
  unsaved = asked;
}

/** Something would be lost. */
export const isUnsaved = () => unsaved?.() ?? false;

/** Asks when something would be lost. @returns {Promise<boolean>} it may be left */
export async function leaveUnsaved() {
  if (!isUnsaved()) return true;
  return confirmDialog({ title: t('app.unsaved'), text: t('app.unsaved-text'), action: t('app.unsaved-leave') });
}

if (typeof window !== 'undefined')
  window.addEventListener('beforeunload', (event) => {
    if (isUnsaved()) event.preventDefault();
  });
