/* A gateway without a clock of its own starts in the past: said once to each user, with a way to set it for those who
 * may. Nobody is bothered while it shows the same time as this browser. */

import { api, sentence } from '../api.js';
import { identity } from './identity.js';
import { notice } from '../parts/notices.js';
import { clockWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @type {string|null} who was asked about already */
let asked = null;

async function set() {
  try {
    await api.setClock(Date.now());
    notice(t('app.clock-set'));
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}

/** To be called whenever somebody may have logged in. */
export async function checkClock() {
  const user = identity.session?.user ?? null;
  if (user === asked) return;
  asked = user;
  if (user === null) return;
  try {
    const words = clockWords((await api.system()).clock, Date.now());
    if (words === null) return;
    notice(words, 'danger', identity.can('configure') ? [{ label: t('app.clock-from-browser'), run: set }] : []);
  } catch {
    // Not worth a word: whatever else the page asks for says what is the matter.
  }
}
