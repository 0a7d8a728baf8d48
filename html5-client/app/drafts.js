/* What somebody wrote and did not bring to its end, until it is wanted again: for as long as the page lives, and for that
 * user alone. In memory and nowhere else: it may be a password. */

/** @type {Map<string, any>} */
const kept = new Map();
let owner = '';

export const drafts = {
  /** @param {string} what @param {any} draft '' or null: there is nothing any more */
  keep(what, draft) {
    if (draft) kept.set(what, draft);
    else kept.delete(what);
  },

  /** @param {string} what @returns {any} null: nothing */
  of: (what) => kept.get(what) ?? null,

  /** Who is here now: what another one wrote is gone. @param {string} user */
  ownedBy(user) {
    if (user !== owner) kept.clear();
    owner = user;
  },

  forget() {
    kept.clear();
  },
};
