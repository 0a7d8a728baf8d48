/* Who is logged in, the theme, and the way out. */

import { api, sentence } from '../api.js';
import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { identity } from './identity.js';
import { attachMenu } from '../parts/menu.js';
import { notice } from '../parts/notices.js';
import { go } from '../router.js';
import { setTheme, theme } from '../parts/theme.js';

async function logOut() {
  try {
    await api.logout();
    identity.set(null);
    go({ view: 'login' });
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}

/** Its modules are loaded when they are wanted: few look at their account each day. */
async function openAccount() {
  try {
    const { AccountDialog } = await import('../account/account_dialog.js');
    new AccountDialog().open();
  } catch {
    notice('The gateway does not answer: the dialog could not be loaded.', 'danger');
  }
}

/** @param {import('../parts/theme.js').Theme} value @param {string} label */
const themeItem = (value, label) => ({ label, checked: theme() === value, run: () => setTheme(value) });

export function userMenu() {
  const { user = '', role = '' } = identity.session ?? {};
  const button = h('button', { class: 'button quiet', type: 'button' }, icon('person'), h('span', { class: 'user-name' }, user));
  const wrap = h('div', {}, button);
  attachMenu(button, () => [
    { group: role },
    { label: 'Account …', run: () => void openAccount() },
    'line',
    { group: 'Colours' },
    themeItem('system', 'As the system'),
    themeItem('light', 'Light'),
    themeItem('dark', 'Dark'),
    'line',
    { label: 'Log out', run: logOut },
  ]);
  return wrap;
}
