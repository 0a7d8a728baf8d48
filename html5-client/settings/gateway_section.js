/* The gateway's own keys, without those that have a section of their own. */

import { KeysForm } from './keys_form.js';
import { gatewayGroups } from './key_groups.js';

/** @param {import('./settings_view.js').SectionContext} context @returns {import('./settings_view.js').Section} */
export function create({ store }) {
  const form = new KeysForm(store, 'gateway', gatewayGroups(store.keys.filter(({ section }) => section === 'gateway')));
  return { element: form.element, unsaved: () => form.unsaved, close: () => form.close() };
}
