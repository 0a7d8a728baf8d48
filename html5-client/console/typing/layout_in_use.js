/* By which keyboard layout characters are typed on a target and shown on keys: its own, or what was chosen in this browser
 * instead of it. That choice ends when the target is given another layout of its own. */

import { kept } from '../../parts/kept.js';

/** @param {string} target @param {string} own @returns {string} */
export function layoutInUse(target, own) {
  const [layout, insteadOf] = (kept.read(`layout.${target}`) ?? '').split(' ');
  if (layout && insteadOf === own) return layout;
  if (layout) useLayout(target, own, own);
  return own;
}

/** @param {string} target @param {string} own @param {string} layout */
export const useLayout = (target, own, layout) => kept.keep(`layout.${target}`, layout === own ? null : `${layout} ${own}`);

/** As far as it is known yet. @param {import('../console_context.js').ConsoleContext} context */
export function layoutOf({ target, state: { info } }) {
  const own = /** @type {{layout?: string}|null} */ (info)?.layout || 'us';
  return { own, layout: info ? layoutInUse(target, own) : own };
}
