/* Users: all that there are, one with what can be changed, and the form for a new one. */

import { identity } from '../app/identity.js';
import { roleWords } from '../app/session_words.js';
import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { hashOf } from '../router.js';
import { AddUser } from './add_user.js';
import { button, chip } from './section_parts.js';
import { settingsApi } from './settings_api.js';
import { userPage } from './user_page.js';

/** @typedef {import('./settings_view.js').SectionContext} SectionContext */
/** @typedef {import('./settings_view.js').Section} Section */
/** @typedef {import('./settings_api.js').User} User */

/** No user can be called so. */
const NEW = '+';

/** @param {SectionContext} context @returns {Promise<Section>} */
export async function create(context) {
  const { item, move, retitle } = context;
  if (item === NEW) {
    retitle(t('settings.users.add'));
    const form = await AddUser.create((name) => move('users', name), () => move('users'));
    return { element: form.element, unsaved: () => form.unsaved };
  }
  const users = await settingsApi.users();
  const user = users.find(({ name }) => name === item);
  return user ? userPage(context, user) : list(context, users);
}

/** @param {SectionContext} context @param {User[]} users @returns {Section} */
function list({ move }, users) {
  const add = button(t('settings.users.add'), () => move('users', NEW), 'primary');
  const rows = users.map(row);
  const search = h('input', { class: 'input', type: 'search', placeholder: t('settings.users.search'), 'aria-label': t('settings.users.search'), hidden: users.length < 8, oninput: () => filter() });
  const filter = () => rows.forEach((element, i) => (element.hidden = !users[i].name.toLowerCase().includes(search.value.trim().toLowerCase())));
  return { element: h('div', { class: 'stack' }, h('div', { class: 'section-head' }, h('p', { class: 'dim' }, t('settings.users.lead')), add), search, h('ul', { class: 'rows' }, ...rows)) };
}

/** @param {User} user */
function row({ name, role, enabled, origin, second_factor: factor }) {
  const facts = [roleWords(role), t(origin === 'directory' ? 'settings.users.of-directory' : 'settings.users.local')];
  return h(
    'li',
    { class: 'row' },
    h('div', { class: 'row-words' }, h('a', { class: 'row-name', href: hashOf({ view: 'settings', section: 'users', item: name }) }, name), h('span', { class: 'small dim' }, facts.join(' · '))),
    name === identity.session?.user && chip(t('settings.users.you')),
    factor ? chip(t('settings.users.factor'), 'ok') : chip(t('settings.users.no-factor')),
    !enabled && chip(t('settings.users.locked'), 'danger'),
  );
}
