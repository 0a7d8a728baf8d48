/* Who is logged in, for the whole page. */

/** @typedef {import('./api.js').Session} Session */
/** @typedef {import('./api.js').Right} Right */

/** @type {Session|null} */
let current = null;

export const identity = {
  get session() {
    return current;
  },
  /** @param {Session|null} session */
  set(session) {
    current = session;
  },
  /** @param {Right} right */
  can: (right) => current?.rights.includes(right) ?? false,
};
