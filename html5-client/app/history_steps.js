/* How far a move in the browser's history went, so that one that is refused is taken back. Writing over the entry that it
 * led to would lose that place. Each entry of this page has a number, in its state. */

/** The entry that the browser stands at. */
let at = 0;
let hash = '';
/** That of what is shown, and its address. */
let shown = 0;
let place = '';
/** A step that is under way. @type {{to: number, done: () => void}|null} */
let stepping = null;
/** For a browser that leaves it undone. */
const MOST_MS = 5000;

/** Gives an entry that has none its number: one more than that before it, unless it took its place. */
function count() {
  const { at: known } = history.state ?? {};
  if (typeof known === 'number') at = known;
  else {
    if (location.hash !== hash) at++;
    history.replaceState({ at }, '');
  }
  hash = location.hash;
}

/** What the address says is what is shown now. */
export function arrived() {
  count();
  shown = at;
  place = hash;
}

/** Entries from what is shown to what the address says; below 0: back. */
export function stepsAway() {
  count();
  return at - shown;
}

/** Writes another address over that of this entry. @param {string} address */
export function rewrite(address) {
  history.replaceState({ at }, '', address);
  hash = location.hash;
}

/** Tells of moves to what is not shown, but not of those that step() makes; and of what is wanted anew. @param {() => void} told */
export function watchMoves(told) {
  window.addEventListener('hashchange', ({ isTrusted }) => {
    if (!isTrusted || (!stepping && hash !== place)) told();
  });
}

/** Moves so many entries, to this address. @param {number} steps @param {string} address */
export async function step(steps, address) {
  if (steps)
    await new Promise((resolve) => {
      stepping = { to: at + steps, done: () => resolve(null) };
      setTimeout(stepping.done, MOST_MS);
      history.go(steps);
    });
  stepping = null;
  if (location.hash !== address) rewrite(address); // what is shown counts
}

if (typeof window !== 'undefined') {
  hash = location.hash;
  count();
  window.addEventListener('popstate', () => {
    count();
    if (hash === place) shown = at; // perhaps another entry of what is shown: no hashchange will tell
    if (at === stepping?.to) stepping.done();
    else if (stepping) history.go(stepping.to - at); // somebody moved at the same time, which ends a step
  });
}
