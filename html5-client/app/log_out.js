/* The way out, in all tabs of this browser: nothing that somebody wrote and did not send stays behind. */

import { api, sentence } from '../api.js';
import { base } from '../base.js';
import { drafts } from './drafts.js';
import { identity } from './identity.js';
import { notice } from '../parts/notices.js';
import { go } from '../router.js';

const tabs = new BroadcastChannel(`lightsout-log-out${base}`);
tabs.addEventListener('message', () => drafts.forget());

export async function logOut() {
  try {
    await api.logout();
    drafts.forget();
    tabs.postMessage('');
    identity.set(null);
    go({ view: 'login' });
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}
