/* What was inserted lately, kept in this browser for each user: names of images and files, and addresses without
 * anything secret in them. */

const KEY = 'lightsout-recent-media';
const KEPT = 12;
/** Parameters of addresses that give somebody access. */
const SECRET = /token|sig|key|secret|pass|auth|cred|session/i;

/** @typedef {{sort: 'image'|'file'|'url', name: string}} Recent */

/** @param {string} user */
const keyOf = (user) => `${KEY}:${user}`;

/** Null: it cannot be kept without giving something away. @param {string} address */
export function addressToKeep(address) {
  try {
    const url = new URL(address);
    if ([...url.searchParams.keys()].some((name) => SECRET.test(name))) return null;
    url.username = url.password = url.hash = '';
    return url.href;
  } catch {
    return null;
  }
}

/** @param {string} user @returns {Recent[]} newest first */
export function recentMedia(user) {
  try {
    const list = JSON.parse(localStorage.getItem(keyOf(user)) ?? '[]');
    return Array.isArray(list) ? list.filter(({ sort, name }) => ['image', 'file', 'url'].includes(sort) && typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} user @param {Recent} used */
export function rememberMedium(user, { sort, name }) {
  const kept = sort === 'url' ? addressToKeep(name) : name;
  if (kept === null) return;
  const others = recentMedia(user).filter((one) => one.sort !== sort || one.name !== kept);
  try {
    localStorage.setItem(keyOf(user), JSON.stringify([{ sort, name: kept }, ...others].slice(0, KEPT)));
  } catch {
    // a browser that keeps nothing has no list
  }
}

/** @param {string} user */
export function forgetMedia(user) {
  try {
    localStorage.removeItem(keyOf(user));
  } catch {
    // there is none either
  }
}
