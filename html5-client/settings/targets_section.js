/* Targets: all that there are, one with its keys, and the form for a new one. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { identity } from '../app/identity.js';
import { hashOf } from '../router.js';
import { AddTarget } from './add_target.js';
import { KeysForm } from './keys_form.js';
import { targetGroups } from './key_groups.js';
import { machineWords } from './key_words.js';
import { removeTarget } from './remove_target.js';
import { backLink, button, chip, StatusLine } from './section_parts.js';

/** @typedef {import('./settings_view.js').SectionContext} SectionContext */
/** @typedef {import('./settings_view.js').Section} Section */

/** No target can be called so. */
export const NEW = '+';

/** @param {SectionContext} context @returns {Section} */
export function create(context) {
  const { store, item, move, retitle } = context;
  const target = item && store.config.targets[item];
  if (item === NEW && identity.can('configure')) {
    retitle(t('settings.targets.add'));
    const form = new AddTarget(store, (name) => move('targets', name), () => move('targets'));
    return { element: form.element, unsaved: () => form.unsaved };
  }
  return target ? one(context, item, target) : list(context);
}

/** @param {SectionContext} context @returns {Section} */
function list({ store, move }) {
  const names = Object.keys(store.config.targets);
  const status = new StatusLine();
  const search = h('input', { class: 'input', type: 'search', placeholder: t('settings.targets.search'), 'aria-label': t('settings.targets.search'), hidden: names.length < 8, oninput: () => filter() });
  const rows = names.map((name) => row(store, name, status, move));
  const filter = () => rows.forEach((element, i) => (element.hidden = !names[i].includes(search.value.trim().toLowerCase())));
  const empty = h('p', { class: 'empty dim' }, t('settings.targets.none'));
  const add = identity.can('configure') && button(t('settings.targets.add'), () => move('targets', NEW), 'primary');
  const element = h('div', { class: 'stack' }, h('div', { class: 'section-head' }, h('p', { class: 'dim' }, t('settings.targets.lead')), add), status.element, search, names.length ? h('ul', { class: 'rows' }, ...rows) : empty);
  return { element };
}

/** @param {SectionContext['store']} store @param {string} name @param {StatusLine} status @param {SectionContext['move']} move */
function row(store, name, status, move) {
  const { machine, removable, keys } = store.config.targets[name];
  const remove = removable && button(t('settings.remove'), () => void removeTarget(store, name, status).then((gone) => gone && move('targets')), 'small');
  if (remove) remove.setAttribute('aria-label', t('settings.remove-named', { name }));
  const title = keys.title?.value;
  return h(
    'li',
    { class: 'row' },
    h(
      'div',
      { class: 'row-words' },
      h('a', { class: 'row-name', href: hashOf({ view: 'settings', section: 'targets', item: name }) }, name),
      h('span', { class: 'small dim' }, [title, machineWords(machine)].filter(Boolean).join(' · ')),
    ),
    !removable && chip(t('settings.targets.of-file')),
    h('a', { class: 'button small quiet', href: hashOf({ view: 'console', target: name }), 'aria-label': t('settings.targets.console-of', { name }) }, t('settings.targets.console')),
    remove,
  );
}

/** @param {SectionContext} context @param {string} name @param {import('./settings_api.js').TargetConfig} target @returns {Section} */
function one({ store, move, retitle }, name, target) {
  retitle(name);
  const status = new StatusLine();
  const keys = store.keys.filter(({ section, name: key, machines }) => section === 'target' && key !== 'machine' && machines?.includes(target.machine) && key in target.keys);
  const form = new KeysForm(store, `target ${name}`, targetGroups(keys));
  const why = target.removable ? t('settings.targets.page-made') : t('settings.targets.in-file', { file: store.file });
  const remove = target.removable && button(t('settings.targets.remove'), () => void removeTarget(store, name, status).then((gone) => gone && move('targets')), 'danger');
  const element = h(
    'div',
    { class: 'stack' },
    backLink(t('settings.targets.all'), () => move('targets')),
    h('p', { class: 'dim' }, machineWords(target.machine), ' · ', why),
    status.element,
    form.element,
    remove && h('div', { class: 'section-foot' }, remove),
  );
  return { element, unsaved: () => form.unsaved, close: () => form.close() };
}
