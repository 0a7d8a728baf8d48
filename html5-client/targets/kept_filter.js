/* What the overview shows, kept for this tab: who comes back from a console finds it as it was. */

/** @typedef {import('./target_filter.js').Filter} Filter */

const KEY = 'lightsout.overview';
const CHOICES = ['all', 'on', 'off', 'trouble'];

/** @returns {Record<string, unknown>} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @implements {Filter} */
export class KeptFilter {
  words = '';
  group = '';
  /** @type {import('./target_filter.js').Choice} */
  choice = 'all';
  dense = false;

  constructor() {
    const { words, group, choice, dense } = read();
    if (typeof words === 'string') this.words = words;
    if (typeof group === 'string') this.group = group;
    if (CHOICES.includes(String(choice))) this.choice = /** @type {import('./target_filter.js').Choice} */ (choice);
    this.dense = dense === true;
  }

  /** @param {Partial<Filter & {dense: boolean}>} change */
  set(change) {
    Object.assign(this, change);
    const { words, group, choice, dense } = this;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ words, group, choice, dense }));
    } catch {
      // Not kept then.
    }
  }
}
