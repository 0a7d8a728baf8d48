/* Addresses of the views: #/ (list), #/targets/NAME (console), #/login, #/setup. The fragment never reaches the
 * gateway, and reloading or sharing an address works without help from it. */

/** @typedef {{view: 'list'|'login'|'setup'} | {view: 'console', target: string}} Place */

/** @param {string} hash @returns {Place} */
export function placeOf(hash) {
  const parts = hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'login' || parts[0] === 'setup') return { view: parts[0] };
  if (parts[0] === 'targets' && parts[1]) {
    try {
      return { view: 'console', target: decodeURIComponent(parts[1]) };
    } catch {
      return { view: 'list' };
    }
  }
  return { view: 'list' };
}

/** @param {Place} place */
export function hashOf(place) {
  if (place.view === 'console') return `#/targets/${encodeURIComponent(place.target)}`;
  return place.view === 'list' ? '#/' : `#/${place.view}`;
}

/** @param {Place} place */
export function go(place) {
  const hash = hashOf(place);
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent('hashchange'));
  else location.hash = hash;
}
