/* Polls instead of sleeping; the limit only catches hangs. */

/**
 * @template T
 * @param {() => T|Promise<T>} condition
 * @param {string} what for the message
 * @param {number} [limitMs]
 * @returns {Promise<Exclude<T, false|null|undefined|0|''>>} the first answer that is not empty
 */
export async function until(condition, what, limitMs = 120000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const last = Date.now() > end; // a machine that stood still meanwhile is looked at once more
    const answer = await condition();
    if (answer) return /** @type {any} */ (answer);
    if (last) throw new Error(`In ${limitMs / 1000} s it did not come to be that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
