/* Settings on trial are undone when nobody confirms them: said once to each user who may, wherever the page is opened, because
 * after a change of addresses that is a new page. */

import { json } from '../api.js';
import { notice } from '../parts/notices.js';
import { t } from '../parts/messages.js';
import { go } from '../router.js';
import { spanWords } from '../parts/words.js';
import { identity } from './identity.js';

/** @type {string|null} who was told already */
let told = null;

/** To be called whenever somebody may have logged in. */
export async function checkTrial() {
  const user = identity.session?.user ?? null;
  if (user === told) return;
  told = user;
  if (user === null || !identity.can('configure')) return;
  try {
    const { change } = await json('GET', '/pending-change');
    if (!change || location.hash.startsWith('#/settings')) return; // there it is in sight
    const look = () => go({ view: 'settings', section: change.kind === 'certificate' ? 'certificates' : 'gateway' });
    notice(t('app.trial.notice', { who: change.who, time: spanWords(change.seconds_left) }), '', [{ label: t('app.trial.look'), run: look }]);
  } catch {
    // The settings ask again.
  }
}
