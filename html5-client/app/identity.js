/* Who is logged in, for the whole page, and what that one may do where. */

/** @typedef {import('../api.js').Session} Session */
/** @typedef {import('../api.js').Right} Right */

/** Rights that belong to the gateway, whatever the target. @type {Right[]} */
const OF_GATEWAY = ['library', 'users'];

/** @type {Session|null} */
let current = null;
let endsAt = Infinity;

/** @param {string} name as grants name targets: "" is the gateway, "*" all targets @param {Right} right */
const granted = (name, right) => current?.grants.some(({ target, rights }) => target === name && rights.includes(right)) ?? false;

export const identity = {
  get session() {
    return current;
  },
  /** Its time is over, however much it was used. */
  get overdue() {
    return performance.now() >= endsAt;
  },
  /** @param {Session|null} session */
  set(session) {
    current = session;
    endsAt = session?.expires == null ? Infinity : performance.now() + session.expires;
  },
  /** On the gateway or on any target. @param {Right} right */
  anywhere: (right) => current?.grants.some(({ rights }) => rights.includes(right)) ?? false,
  /**
   * On the gateway itself, or with a target on that one.
   * @param {Right} right @param {string} [target]
   */
  can: (right, target) =>
    target === undefined || OF_GATEWAY.includes(right) ? granted('', right) : granted('*', right) || granted(target, right),
};
