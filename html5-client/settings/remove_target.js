/* Takes a target away: asked first, and once more with names when somebody or something is at it. */

import { ApiError } from '../api.js';
import { confirmDialog } from '../parts/dialog.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { listWords } from '../parts/words.js';
import { settingsApi } from './settings_api.js';

/** @param {{viewers?: string[], running?: boolean, media?: string[]}} told */
function useWords({ viewers = [], running = false, media = [] }) {
  return [
    running && t('settings.targets.running'),
    viewers.length > 0 && t('settings.targets.watched', { names: listWords(viewers) }),
    media.length > 0 && t('settings.targets.holds', { names: listWords(media) }),
    t('settings.targets.force-text'),
  ].filter(Boolean).join(' ');
}

/** @param {string} name @param {boolean} force @returns {Promise<boolean>} */
async function remove(name, force) {
  try {
    await settingsApi.removeTarget(name, force);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'in-use' || force) throw error;
    const text = useWords(error.body?.error ?? {});
    if (!(await confirmDialog({ title: t('settings.targets.in-use', { name }), text, action: t('settings.targets.force') }))) return false;
    return remove(name, true);
  }
}

/**
 * @param {import('./config_store.js').ConfigStore} store @param {string} name @param {import('./section_parts.js').StatusLine} status
 * @returns {Promise<boolean>} it is gone
 */
export async function removeTarget(store, name, status) {
  if (!(await confirmDialog({ title: t('settings.targets.remove-title', { name }), text: t('settings.targets.remove-text'), action: t('settings.remove') }))) return false;
  try {
    if (!(await remove(name, false))) return false;
    await store.load();
    notice(t('settings.targets.removed', { name }));
    return true;
  } catch (error) {
    status.fail(error);
    return false;
  }
}
