/* One user: role and rights, switching the account off, a new password, the second factor, a client certificate, sessions. */

import { account } from '../account/account_api.js';
import { api } from '../api.js';
import { identity } from '../app/identity.js';
import { agentWords, kindWords, timeWords } from '../app/session_words.js';
import { confirmDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { shownOnce } from '../parts/shown_once.js';
import { oneTimePassword } from './one_time_password.js';
import { RoleChoice } from './role_choice.js';
import { actionCard, backLink, button, card, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_view.js').SectionContext} SectionContext */
/** @typedef {import('./settings_view.js').Section} Section */
/** @typedef {import('./settings_api.js').User} User */
/** @typedef {{user: User, again: () => void}} Facts again: shows the user anew */

/** @param {SectionContext} context @param {User} user @returns {Promise<Section>} */
export async function userPage({ move, retitle }, user) {
  retitle(user.name);
  const targets = (await api.targets()).map(({ name }) => name);
  const again = () => move('users', user.name);
  const local = user.origin === 'local';
  const facts = { user, again };
  const rights = rightsCard(facts, targets);
  const cards = [
    local && rights.element,
    local && passwordCard(facts),
    factorCard(facts),
    local && certificateCard(facts),
    await sessionsCard(facts),
    accessCard(facts),
    removeCard(facts, move),
  ].filter((one) => one !== false);
  const lead = local ? null : h('p', { class: 'dim' }, t('settings.users.directory-lead'));
  return { element: h('div', { class: 'stack' }, backLink(t('settings.users.all'), () => move('users')), ...[lead, ...cards].filter((one) => one !== null)), unsaved: () => rights.unsaved() };
}

/** @param {Facts} facts @param {string[]} targets */
function rightsCard({ user, again }, targets) {
  const status = new StatusLine();
  let touched = false;
  const save = button(t('settings.save'), () => void store(), 'primary');
  save.disabled = true;
  const role = new RoleChoice(targets, user.role, user.role === 'Custom' ? user.grants : [], () => {
    touched = true;
    save.disabled = false;
  });
  const store = async () => {
    if (!(await status.run(save, () => settingsApi.changeUser(user.name, role.wanted)))) return;
    touched = false;
    notice(t('settings.users.saved', { name: user.name }));
    again();
  };
  return { element: card(t('settings.users.rights'), role.element, status.element, h('div', { class: 'card-foot' }, save)), unsaved: () => touched };
}

/** @param {Facts} facts */
function passwordCard({ user }) {
  const status = new StatusLine();
  const room = h('div', {});
  const reset = button(t('settings.users.reset'), () => void run());
  const run = async () => {
    const sure = await confirmDialog({ title: t('settings.users.reset-title', { name: user.name }), text: t('settings.users.reset-text'), action: t('settings.users.reset-do') });
    if (!sure) return;
    const password = oneTimePassword();
    if (!(await status.run(reset, () => settingsApi.changeUser(user.name, { password })))) return;
    const shown = shownOnce({ text: password, label: t('settings.users.password-of', { name: user.name }), words: t('settings.users.tell', { name: user.name }), done: () => (room.replaceChildren(), reset.focus()) });
    room.replaceChildren(shown.element);
    shown.focus();
  };
  return actionCard(t('app.password'), t('settings.users.reset-hint'), status, reset, room);
}

/** @param {Facts} facts */
function factorCard({ user, again }) {
  const status = new StatusLine();
  const remove = button(t('settings.users.factor-remove'), () => void run());
  const run = async () => {
    const sure = await confirmDialog({ title: t('settings.users.factor-title', { name: user.name }), text: t('settings.users.factor-text'), action: t('settings.remove') });
    if (!sure || !(await status.run(remove, () => settingsApi.changeUser(user.name, { second_factor: false })))) return;
    notice(t('settings.users.factor-removed'));
    again();
  };
  const words = t(user.second_factor ? 'settings.users.factor-on' : 'settings.users.factor-off');
  return actionCard(t('account.tab.factor'), words, status, user.second_factor && remove);
}

/** @param {Facts} facts */
function certificateCard({ user }) {
  const status = new StatusLine();
  const name = field({ label: t('settings.users.certificate'), name: 'user-certificate', hint: t('settings.users.certificate-hint'), mono: true });
  name.input.required = false;
  name.input.value = user.certificate ?? '';
  const save = button(t('settings.save'), () => void status.run(save, () => settingsApi.changeUser(user.name, { certificate: name.input.value.trim() }), t('settings.saved')));
  return card(t('settings.users.by-certificate'), name.element, status.element, h('div', { class: 'card-foot' }, save));
}

/** @param {Facts} facts */
async function sessionsCard({ user, again }) {
  const status = new StatusLine();
  const mine = (await account.sessions(true)).filter((one) => one.user === user.name);
  const rows = mine.map((one) => {
    const what = `${agentWords(one.agent)}, ${one.peer}`;
    const end = button(t('account.sessions.end'), () => void status.run(end, () => account.endSession(one.id)).then((done) => done && again()), 'small');
    end.setAttribute('aria-label', t('account.sessions.end-of', { what }));
    const words = [one.peer, kindWords(one.kind), t('account.sessions.since', { since: timeWords(one.created), used: timeWords(one.used) })].join(' · ');
    const line = h('div', { class: 'row-words' }, h('span', { class: 'row-name' }, agentWords(one.agent)), h('span', { class: 'small dim' }, words));
    return h('li', { class: 'row' }, line, !one.current && end);
  });
  return card(t('account.sessions'), rows.length ? h('ul', { class: 'rows' }, ...rows) : h('p', { class: 'dim small' }, t('settings.users.no-sessions')), status.element);
}

/** @param {Facts} facts */
function accessCard({ user, again }) {
  const status = new StatusLine();
  const change = button(t(user.enabled ? 'settings.users.lock' : 'settings.users.unlock'), () => void run());
  const run = async () => {
    if (user.enabled && !(await confirmDialog({ title: t('settings.users.lock-title', { name: user.name }), text: t('settings.users.lock-text'), action: t('settings.users.lock') }))) return;
    if (!(await status.run(change, () => settingsApi.changeUser(user.name, { enabled: !user.enabled })))) return;
    notice(t('settings.users.saved', { name: user.name }));
    again();
  };
  return actionCard(t('settings.users.access'), t(user.enabled ? 'settings.users.enabled' : 'settings.users.disabled'), status, change);
}

/** @param {Facts} facts @param {SectionContext['move']} move @returns {HTMLElement|false} */
function removeCard({ user }, move) {
  const status = new StatusLine();
  const self = user.name === identity.session?.user;
  const remove = button(t('settings.users.remove'), () => void run(), 'danger');
  const run = async () => {
    const sure = await confirmDialog({ title: t('settings.users.remove-title', { name: user.name }), text: t('settings.users.remove-text'), action: t('settings.remove') });
    if (!sure || !(await status.run(remove, () => settingsApi.removeUser(user.name)))) return;
    notice(t('settings.users.removed', { name: user.name }));
    move('users');
  };
  return self ? false : actionCard(t('settings.users.remove'), t('settings.users.remove-hint'), status, remove);
}
