/* Rows of bench.json (docs/bench.md), and quantiles. */

/** @param {number} value */
const rounded = (value) => Number(value.toPrecision(4));

/** @param {string} bench @param {string} recording @param {string} metric @param {string} unit @param {number} ours
 *  @param {string} peer @param {number} peerValue */
export function row(bench, recording, metric, unit, ours, peer, peerValue) {
  const fields = { bench, recording, metric, unit, ours: rounded(ours), peer, peer_value: rounded(peerValue) };
  const ratio = peerValue > 0 ? rounded(ours / peerValue) : null;
  console.log(JSON.stringify({ ...fields, ratio }).replace(/":/g, '": ').replace(/,"/g, ', "'));
}

/** @param {number[]} values @param {number} share 0.5: the median */
export function quantile(values, share) {
  if (!values.length) throw new Error('Nothing was measured.');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** @param {string} text for whoever watches; rows alone go to standard output */
export const remark = (text) => console.error(`   ${text}`);

/** @param {number[]} values ms */
export const spread = (values) =>
  [0, 0.5, 0.9, 0.99].map((share) => quantile(values, share).toFixed(1)).concat(Math.max(...values).toFixed(1)).join(' / ');
