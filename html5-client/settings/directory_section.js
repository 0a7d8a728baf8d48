/* The LDAP directory: its keys, and a try of a login that tells each step. */

import { roleWords, scopeWords } from '../app/session_words.js';
import { h } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';
import { KeysForm } from './keys_form.js';
import { DIRECTORY_GROUPS, onlyGroups } from './key_groups.js';
import { card, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @param {import('./settings_view.js').SectionContext} context @returns {import('./settings_view.js').Section} */
export function create({ store }) {
  const form = new KeysForm(store, 'gateway', onlyGroups(DIRECTORY_GROUPS, store.keys.filter(({ section }) => section === 'gateway')));
  const on = Boolean(store.config.gateway?.['directory-url']?.value);
  const lead = h('p', { class: 'dim' }, t(on ? 'settings.directory.on' : 'settings.directory.off'));
  return { element: h('div', { class: 'stack' }, lead, form.element, on && testCard()), unsaved: () => form.unsaved, close: () => form.close() };
}

function testCard() {
  const status = new StatusLine();
  const user = field({ label: t('app.user-name'), name: 'directory-user' });
  const password = field({ label: t('app.password'), name: 'directory-password', type: 'password', autocomplete: 'off' });
  const steps = h('ol', { class: 'steps small' });
  const run = h('button', { class: 'button' }, t('settings.directory.try'));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    steps.replaceChildren();
    user.setError(user.input.value.trim() ? '' : t('app.enter-user'));
    if (!user.input.value.trim()) return user.input.focus();
    await status.run(run, async () => {
      const told = await settingsApi.testDirectory(user.input.value.trim(), password.input.value);
      password.input.value = '';
      steps.replaceChildren(...told.steps.map((step) => h('li', {}, step)));
      if (told.dn) steps.append(h('li', {}, told.dn));
      if (!told.works) throw new Error(told.why ?? t('settings.directory.fails'));
      steps.append(h('li', {}, told.role ? roleWords(told.role) : scopeWords(told.grants)));
    }, t('settings.directory.works'));
  };
  return card(
    t('settings.directory.test'),
    h('p', { class: 'dim small' }, t('settings.directory.test-hint')),
    h('form', { class: 'stack', novalidate: true, onsubmit: submit }, user.element, password.element, steps, status.element, h('div', { class: 'card-foot' }, run)),
  );
}
