/* Addresses of the views: #/ (list), #/targets/NAME (console), #/settings/SECTION/ITEM, #/login, #/setup. The fragment never
 * reaches the gateway, and reloading or sharing an address works without help from it. */

/** @typedef {{view: 'list'|'login'|'setup'} | {view: 'console', target: string} | {view: 'settings', section: string, item?: string}} Place */

/** @param {string|undefined} part */
function decoded(part) {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    return '';
  }
}

/** @param {string} hash @returns {Place} */
export function placeOf(hash) {
  const parts = hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'login' || parts[0] === 'setup') return { view: parts[0] };
  if (parts[0] === 'settings') return { view: 'settings', section: decoded(parts[1]), item: decoded(parts[2]) };
  const target = parts[0] === 'targets' && decoded(parts[1]);
  return target ? { view: 'console', target } : { view: 'list' };
}

/** @param {Place} place */
export function hashOf(place) {
  if (place.view === 'console') return `#/targets/${encodeURIComponent(place.target)}`;
  if (place.view === 'settings')
    return ['#/settings', place.section, place.item].filter(Boolean).map((part, i) => (i ? encodeURIComponent(String(part)) : part)).join('/');
  return place.view === 'list' ? '#/' : `#/${place.view}`;
}

/** @param {Place} place */
export function go(place) {
  const hash = hashOf(place);
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent('hashchange'));
  else location.hash = hash;
}
