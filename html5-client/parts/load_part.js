/* Parts of the page that are loaded when they are wanted. One may not be there: the gateway does not answer, or it was
 * updated since, and its page is made of other parts than this page knows. */

import { t } from './messages.js';
import { notice } from './notices.js';

/** @template T @param {() => Promise<T>} load @returns {Promise<T|null>} null: it did not come, and the user was told */
export async function loadPart(load) {
  try {
    return await load();
  } catch {
    notice(t('app.not-loaded'), 'danger', [{ label: t('app.reload'), run: () => location.reload() }]);
    return null;
  }
}
