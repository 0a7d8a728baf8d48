/* One clock for page and bench: how far performance.now() of a page or worker is behind ours. */
import { now } from './machine.mjs';

/** @param {{evaluate: (code: () => number) => Promise<number>}} where a page or one of its workers
 *  @returns {Promise<{offset: number, doubt: number}>} ms: ours = theirs + offset, give or take the doubt */
export async function clockOf(where) {
  let best = { offset: 0, doubt: Infinity };
  for (let n = 0; n < 100; n++) {
    const asked = now();
    const theirs = await where.evaluate(() => performance.now());
    const doubt = (now() - asked) / 2;
    if (doubt < best.doubt) best = { offset: asked + doubt - theirs, doubt };
  }
  return best;
}
