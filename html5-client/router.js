/* Addresses of the views: #/ (list), #/targets/NAME (console), #/wall/SIZE/GROUP, #/settings/SECTION/ITEM, #/recordings (docs/page.md), #/login, #/setup. The fragment never
 * reaches the gateway, and reloading or sharing an address works without help from it. */

/** @typedef {{view: 'list'|'login'|'setup'} | {view: 'console', target: string} | {view: 'wall', size?: number, group?: string} | {view: 'recordings', recording?: string, target?: string} | {view: 'settings', section: string, item?: string}} Place */

/** @param {string|undefined} part */
function decoded(part) {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    return '';
  }
}

/** #/recordings, #/recordings/of/TARGET, #/recordings/ID. @param {string} what @param {string} name @returns {Place} */
function recordingsPlace(what, name) {
  if (/^[0-9a-f]{32}$/.test(what)) return { view: 'recordings', recording: what };
  try {
    return { view: 'recordings', target: what === 'of' ? decodeURIComponent(name) : '' };
  } catch {
    return { view: 'recordings' };
  }
}

/** @param {string} hash @returns {Place} */
export function placeOf(hash) {
  const parts = hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'login' || parts[0] === 'setup') return { view: parts[0] };
  if (parts[0] === 'recordings') return recordingsPlace(parts[1] ?? '', parts[2] ?? '');
  if (parts[0] === 'wall') return { view: 'wall', size: Number(parts[1]) || 4, group: decoded(parts[2]) };
  if (parts[0] === 'settings') return { view: 'settings', section: decoded(parts[1]), item: decoded(parts[2]) };
  const target = parts[0] === 'targets' && decoded(parts[1]);
  return target ? { view: 'console', target } : { view: 'list' };
}

/** @param {Place} place */
export function hashOf(place) {
  if (place.view === 'console') return `#/targets/${encodeURIComponent(place.target)}`;
  if (place.view === 'wall') return ['#/wall', place.size, place.group && encodeURIComponent(place.group)].filter(Boolean).join('/');
  if (place.view === 'settings')
    return ['#/settings', place.section, place.item].filter(Boolean).map((part, i) => (i ? encodeURIComponent(String(part)) : part)).join('/');
  if (place.view === 'recordings') return place.recording ? `#/recordings/${place.recording}` : place.target ? `#/recordings/of/${encodeURIComponent(place.target)}` : '#/recordings';
  return place.view === 'list' ? '#/' : `#/${place.view}`;
}

/** @param {Place} place */
export function go(place) {
  const hash = hashOf(place);
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent('hashchange'));
  else location.hash = hash;
}
