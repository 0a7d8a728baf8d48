/* How far a move in the browser's history went, so that one that is refused is taken back. Writing over the entry that it
 * led to would lose that place. Each entry of this page has a number, in its state. */

/** The entry that the browser stands at. */
let at = 0;
let hash = '';
/** That of what is shown, and its address. */
let shown = 0;
let place = '';
/** Of a step that is under way. @type {(() => void)|null} */
let awaited = null;

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

/** Tells of moves to other addresses, but not of those that step() makes. @param {() => void} told */
export function watchMoves(told) {
  window.addEventListener('hashchange', () => {
    const done = awaited ?? told;
    awaited = null;
    done();
  });
}

/** Moves so many entries, to this address. @param {number} steps @param {string} address */
export async function step(steps, address) {
  if (steps)
    await new Promise((resolve) => {
      awaited = () => resolve(null);
      history.go(steps);
    });
  if (location.hash !== address) rewrite(address); // somebody has moved meanwhile
}

if (typeof window !== 'undefined') {
  hash = location.hash;
  count();
  window.addEventListener('popstate', () => {
    count();
    if (hash === place) shown = at; // another entry of what is shown: no hashchange will tell
  });
}
