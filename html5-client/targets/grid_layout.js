/* Where each of many cards stands in a grid with headings, and which of them can be seen. Pure; all in CSS pixels. */

/**
 * head: height of a heading; card: least width of a card and its height as a function of its width; columns: at most.
 * @typedef {{gap: number, head: number, least: number, columns?: number, height: (width: number) => number}} Metrics
 */
/** heading: '' has none. @typedef {{heading: string, keys: string[]}} Section */
/** key '': the heading of the section. @typedef {{key: string, heading: string, section: number, left: number, top: number, width: number, height: number}} Place */

/**
 * @param {Section[]} sections
 * @param {number} width
 * @param {Metrics} metrics
 * @returns {{places: Place[], columns: number, height: number}} places from top to bottom, in reading order
 */
export function gridLayout(sections, width, metrics) {
  const { gap } = metrics;
  const fitting = Math.floor((width + gap) / (Math.min(metrics.least, Math.max(1, width)) + gap));
  const columns = Math.max(1, Math.min(fitting, metrics.columns ?? Infinity));
  const each = (width - gap * (columns - 1)) / columns;
  const height = metrics.height(each);
  /** @type {Place[]} */
  const places = [];
  let top = 0;
  sections.forEach(({ heading, keys }, section) => {
    if (heading) {
      places.push({ key: '', heading, section, left: 0, top, width, height: metrics.head });
      top += metrics.head;
    }
    keys.forEach((key, i) => {
      const at = { left: (i % columns) * (each + gap), top: top + Math.floor(i / columns) * (height + gap) };
      places.push({ key, heading, section, ...at, width: each, height });
    });
    top += Math.ceil(keys.length / columns) * (height + gap);
  });
  return { places, columns, height: Math.max(0, top - gap) };
}

/** Those that touch what lies between two heights. @param {Place[]} places @param {number} from @param {number} to */
export const placesBetween = (places, from, to) => places.filter(({ top, height }) => top < to && top + height > from);

/**
 * Where an arrow leads from a card: the neighbour in its row, or the nearest one in the row above or below, over headings.
 * @param {Place[]} cards without headings @param {number} at @param {'ArrowLeft'|'ArrowRight'|'ArrowUp'|'ArrowDown'|'Home'|'End'} key
 * @returns {number} the same when there is nothing there
 */
export function neighbour(cards, at, key) {
  if (key === 'Home') return 0;
  if (key === 'End') return cards.length - 1;
  if (key === 'ArrowLeft') return Math.max(0, at - 1);
  if (key === 'ArrowRight') return Math.min(cards.length - 1, at + 1);
  const here = cards[at];
  const beyond = cards.map((card, i) => ({ card, i })).filter(({ card }) => (key === 'ArrowUp' ? card.top < here.top : card.top > here.top));
  if (!beyond.length) return at;
  const row = key === 'ArrowUp' ? Math.max(...beyond.map(({ card }) => card.top)) : Math.min(...beyond.map(({ card }) => card.top));
  const inRow = beyond.filter(({ card }) => card.top === row);
  return inRow.reduce((best, one) => (Math.abs(one.card.left - here.left) < Math.abs(best.card.left - here.left) ? one : best)).i;
}
