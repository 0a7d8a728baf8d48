/* What the gateway's clock shows, as its answers say it: times that it gives are compared with that, since the clock of
 * this computer may be years off. */

/** Milliseconds that the gateway is ahead of this browser. */
let ahead = 0;

/** @param {string|null} date of an answer that has just come */
export function noteDate(date) {
  const time = date ? Date.parse(date) : NaN;
  if (!Number.isNaN(time)) ahead = time - Date.now();
}

/** Milliseconds since 1970; this browser's own until the gateway has said something. */
export const gatewayNow = () => Date.now() + ahead;
