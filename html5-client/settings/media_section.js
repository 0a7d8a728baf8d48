/* Media: the library and its room, where media may come from, caches, and what others get by NBD. */

import { ApiError } from '../api.js';
import { identity } from '../app/identity.js';
import { mediaApi } from '../media/media_api.js';
import { confirmDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';
import { sizeWords } from '../parts/words.js';
import { KeysForm } from './keys_form.js';
import { MEDIA_GROUPS, onlyGroups } from './key_groups.js';
import { button, card, check, choice, chip, factList, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_view.js').SectionContext} SectionContext */

/** @param {SectionContext} context @returns {Promise<import('./settings_view.js').Section>} */
export async function create({ store, move }) {
  const form = new KeysForm(store, 'gateway', onlyGroups(MEDIA_GROUPS, store.keys.filter(({ section }) => section === 'gateway')));
  const exports = identity.can('library') ? await exportsCard(() => move('media')) : null;
  const parts = [await libraryCard(store.config.gateway?.library, store.file), form.element, exports].filter((part) => part !== null);
  return { element: h('div', { class: 'stack' }, ...parts), unsaved: () => form.unsaved, close: () => form.close() };
}

/** @param {import('./settings_api.js').Entry|undefined} folder only the file may give it @param {string} file */
async function libraryCard(folder, file) {
  try {
    const { images, free, total } = await mediaApi.library();
    const used = h('progress', { max: total || 1, value: total - free, 'aria-label': t('settings.media.room') });
    return card(
      t('settings.media.library'),
      factList([
        [t('settings.media.folder'), h('code', { class: 'wrap' }, typeof folder?.value === 'string' ? folder.value : t('settings.media.own-folder'))],
        [t('settings.media.images'), t('settings.media.count', { count: images.length })],
        [t('settings.media.room'), total ? t('media.free', { free: sizeWords(free), total: sizeWords(total) }) : ''],
      ]),
      total > 0 && used,
      h('p', { class: 'small dim' }, t('settings.media.elsewhere', { file })),
    );
  } catch (error) {
    if (error instanceof ApiError) return null; // no right to see it, or no library
    throw error;
  }
}

/** @param {() => void} again */
async function exportsCard(again) {
  const status = new StatusLine();
  /** @type {import('./settings_api.js').Export[]} */
  let list;
  try {
    list = await settingsApi.exports();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.code === 'exports-off' ? card(t('settings.exports'), h('p', { class: 'dim small' }, t('settings.exports.off'))) : null;
  }
  const rows = list.map((one) => {
    const end = button(t('settings.remove'), () => void remove(), 'small');
    const remove = async () => {
      if (!(await confirmDialog({ title: t('settings.exports.end-title', { name: one.name }), text: t('settings.exports.end-text'), action: t('settings.remove') }))) return;
      if (await status.run(end, () => settingsApi.removeExport(one.name))) again();
    };
    end.setAttribute('aria-label', t('settings.remove-named', { name: one.name }));
    const facts = [one.image, one.identity, t(one.read_only ? 'media.fact.read-only' : 'media.fact.writable'), t('settings.exports.connections', { count: one.connections })];
    return h('li', { class: 'row' }, h('div', { class: 'row-words' }, h('span', { class: 'row-name' }, one.name), h('span', { class: 'small dim' }, facts.join(' · '))), !one.usable && chip(one.why, 'danger'), end);
  });
  const shown = rows.length ? h('ul', { class: 'rows' }, ...rows) : h('p', { class: 'dim small' }, t('settings.exports.none'));
  return card(t('settings.exports'), shown, status.element, await exportForm(again));
}

/** @param {() => void} again */
async function exportForm(again) {
  const status = new StatusLine();
  const images = (await mediaApi.library()).images.filter(({ usable, folder }) => usable && !folder);
  const name = field({ label: t('settings.exports.name'), name: 'export-name', mono: true });
  const image = choice(t('settings.exports.image'), images.map((one) => ({ value: one.name, words: one.name })), images[0]?.name ?? '');
  const who = field({ label: t('settings.exports.identity'), name: 'export-identity', hint: t('settings.exports.identity-hint'), mono: true });
  const readOnly = check(t('media.option.read-only'), true);
  const add = h('button', { class: 'button' }, t('settings.exports.add'));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { name: name.input.value.trim(), image: image.select.value, identity: who.input.value.trim(), read_only: readOnly.input.checked };
    if (await status.run(add, () => settingsApi.addExport(body))) again();
  };
  const form = h('form', { class: 'stack', novalidate: true, onsubmit: submit }, name.element, image.element, who.element, readOnly.element, status.element, h('div', { class: 'card-foot' }, add));
  return h('details', {}, h('summary', {}, t('settings.exports.add')), form);
}
