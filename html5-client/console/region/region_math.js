/* A part of the picture that somebody chooses, by pixels or by the cells of a text screen, and what is said of its text.
 * Pure. */

/** @typedef {{x: number, y: number}} Point target pixels */
/** @typedef {{x: number, y: number, width: number, height: number}} Region target pixels */
/** The cells of the picture: their size, and where one begins. @typedef {Region} Grid */
/** @typedef {{width: number, height: number}} Size */
/**
 * What the gateway read (docs/api.md).
 * @typedef {object} ScreenText
 * @property {number} columns
 * @property {number} rows
 * @property {string[]} lines
 * @property {boolean} exact
 * @property {[number, number, number][]} unknown row, column, how many
 * @property {Region|null} cell
 * @property {string} font
 * @property {'fonts'|'recognition'} method
 */

/** Where there is no text to tell, steps of this size. @type {Grid} */
export const PLAIN_GRID = { x: 0, y: 0, width: 8, height: 16 };

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** The cell that a pixel is in, counted from the grid's own. @param {Point} at @param {Grid} grid */
export const cellAt = (at, grid) => ({ x: Math.floor((at.x - grid.x) / grid.width), y: Math.floor((at.y - grid.y) / grid.height) });

/** How many cells there are, and the first one's number. @param {Grid} grid @param {Size} picture */
export function gridBounds(grid, picture) {
  const left = 0 - Math.floor(grid.x / grid.width); // never -0
  const top = 0 - Math.floor(grid.y / grid.height);
  const right = Math.floor((picture.width - grid.x) / grid.width) - 1;
  const bottom = Math.floor((picture.height - grid.y) / grid.height) - 1;
  return { left, top, right: Math.max(left, right), bottom: Math.max(top, bottom) };
}

/** All pixels of the cells between two, these included. @param {Point} one @param {Point} other cells @param {Grid} grid @param {Size} picture @returns {Region} */
export function cellsRegion(one, other, grid, picture) {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x) + 1];
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y) + 1];
  const x = clamp(grid.x + left * grid.width, 0, picture.width - 1);
  const y = clamp(grid.y + top * grid.height, 0, picture.height - 1);
  return {
    x,
    y,
    width: clamp(grid.x + right * grid.width, x + 1, picture.width) - x,
    height: clamp(grid.y + bottom * grid.height, y + 1, picture.height) - y,
  };
}

/** The pixels between two, whole ones, within the picture. @param {Point} one @param {Point} other @param {Size} picture @returns {Region} */
export function pixelsRegion(one, other, picture) {
  const x = clamp(Math.floor(Math.min(one.x, other.x)), 0, picture.width - 1);
  const y = clamp(Math.floor(Math.min(one.y, other.y)), 0, picture.height - 1);
  return {
    x,
    y,
    width: clamp(Math.ceil(Math.max(one.x, other.x)), x + 1, picture.width) - x,
    height: clamp(Math.ceil(Math.max(one.y, other.y)), y + 1, picture.height) - y,
  };
}

/** As it is copied: without the empty lines at its end. @param {ScreenText} text */
export function textOf({ lines }) {
  let last = lines.length;
  while (last > 0 && !lines[last - 1].trim()) last--;
  return lines.slice(0, last).join('\n');
}

/** @param {ScreenText} text */
export const unknownCells = ({ unknown }) => unknown.reduce((sum, [, , count]) => sum + count, 0);
