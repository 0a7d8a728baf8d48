/* What this browser remembers, where it has storage; else nothing is kept. */

export const kept = {
  /** @param {string} what @returns {string|null} */
  read(what) {
    try {
      return localStorage.getItem(`lightsout.${what}`);
    } catch {
      return null;
    }
  },
  /** @param {string} what @param {string|null} value null: forgotten */
  keep(what, value) {
    try {
      if (value === null) localStorage.removeItem(`lightsout.${what}`);
      else localStorage.setItem(`lightsout.${what}`, value);
    } catch {
      // For this page only then.
    }
  },
};
