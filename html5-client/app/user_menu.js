/* Who is logged in, the theme, the language, and the way out. */

import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { identity } from './identity.js';
import { logOut } from './log_out.js';
import { attachMenu } from '../parts/menu.js';
import { loadPart } from '../parts/load_part.js';
import { chooseLanguage, chosenLanguage, LANGUAGES, t } from '../parts/messages.js';
import { go, hashOf } from '../router.js';
import { roleWords } from './session_words.js';
import { setTheme, theme } from '../parts/theme.js';

/** Its modules are loaded when they are wanted: few look at their account each day. */
async function openAccount() {
  const part = await loadPart(() => import('../account/account_dialog.js'));
  if (part) new part.AccountDialog().open();
}

/** @type {import('../parts/theme.js').Theme[]} */
const THEMES = ['system', 'light', 'dark'];

/** @param {import('../parts/theme.js').Theme} value */
const themeItem = (value) => ({ label: t(`app.theme.${value}`), chosen: theme() === value, run: () => setTheme(value) });

/** @param {string} name @param {string} label */
const languageItem = (name, label) => ({ label, chosen: chosenLanguage() === name, run: () => chooseLanguage(name) });

/** There is something in the settings for this user. */
const maySettings = () => identity.anywhere('configure') || identity.anywhere('audit') || identity.can('users');

export function userMenu() {
  const { user = '', role = '' } = identity.session ?? {};
  const button = h('button', { class: 'button quiet', type: 'button' }, icon('person'), h('span', { class: 'user-name' }, user));
  const settings = maySettings() && h('a', { class: 'button quiet square', href: hashOf({ view: 'settings', section: '' }), 'aria-label': t('app.settings'), title: t('app.settings') }, icon('sliders'));
  const wrap = h('div', { class: 'user-corner' }, settings, button);
  attachMenu(button, () => [
    { group: roleWords(role) },
    { label: t('app.account'), run: () => void openAccount() },
    { label: t('recordings.menu'), run: () => go({ view: 'recordings' }) },
    ...(maySettings() ? [{ label: t('app.settings'), run: () => go({ view: 'settings', section: '' }) }] : []),
    'line',
    { group: t('app.colours') },
    ...THEMES.map(themeItem),
    'line',
    { group: t('app.language') },
    languageItem('', t('app.language.browser')),
    ...Object.entries(LANGUAGES).map(([name, label]) => languageItem(name, label)),
    'line',
    { label: t('app.log-out'), run: logOut },
  ]);
  return wrap;
}
