/* Which part of the target's picture stands where on the page: size, place and rotation, and the way from a place on the
 * page to one in the picture and back. Pure.
 *
 * Three kinds of coordinates: target pixels (the picture as the target sends it), turned pixels (after rotation), and CSS
 * pixels of the room that the picture may fill. Scales are screen pixels for each target pixel, so that 1 is exact and a
 * whole number is sharp, whatever the zoom of the browser. */

import { pictureSize } from './picture_size.js';

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {0|90|180|270} Rotation degrees, clockwise */
/** @typedef {import('./picture_size.js').SizeMode|'free'} ViewMode */
/**
 * What the user chose. It says nothing of the room, so that it holds when a phone is turned.
 * @typedef {object} View
 * @property {ViewMode} mode
 * @property {number} scale for 'free'
 * @property {Rotation} rotation
 * @property {Point} centre what stands in the middle of the room, in parts of the picture: 0..1
 */
/**
 * @typedef {object} Placed
 * @property {number} scale screen pixels for each target pixel
 * @property {number} ratio CSS pixels for each target pixel
 * @property {boolean} sharp
 * @property {Rotation} rotation
 * @property {Size} picture in target pixels
 * @property {Size} room
 * @property {number} left of the turned picture, in the room
 * @property {number} top
 * @property {number} width of the turned picture
 * @property {number} height
 */

/** Free zoom; what fits may be beyond, as with a target of 1 x 1. */
const MIN_SCALE = 0.1;
const MAX_SCALE = 8;
/** What the zoom buttons stop at. */
const STEPS = [0.1, 0.15, 0.25, 0.33, 0.5, 0.67, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8];
/** A zoom by fingers that ends this near to a whole scale becomes it. */
const SNAP = 0.06;

/** @type {View} */
export const FIRST_VIEW = { mode: 'fit', scale: 1, rotation: 0, centre: { x: 0.5, y: 0.5 } };

/** @param {number} value @param {number} least @param {number} most */
const between = (value, least, most) => Math.max(least, Math.min(most, value));

/** @param {Size} size @param {Rotation} rotation @returns {Size} */
const turnedSize = ({ width, height }, rotation) => (rotation % 180 ? { width: height, height: width } : { width, height });

/** A place in the picture -> in the turned picture; both in the same unit. @param {Point} at @param {Size} size @param {Rotation} rotation @returns {Point} */
export function turn({ x, y }, { width, height }, rotation) {
  if (rotation === 90) return { x: height - y, y: x };
  if (rotation === 180) return { x: width - x, y: height - y };
  return rotation === 270 ? { x: y, y: width - x } : { x, y };
}

/** The way back. @param {Point} at @param {Size} size of the picture before turning @param {Rotation} rotation @returns {Point} */
export function turnBack({ x, y }, { width, height }, rotation) {
  if (rotation === 90) return { x: y, y: height - x };
  if (rotation === 180) return { x: width - x, y: height - y };
  return rotation === 270 ? { x: width - y, y: x } : { x, y };
}

/** A movement on the page -> in the picture. @param {Point} by @param {Rotation} rotation @returns {Point} */
export const turnMoveBack = (by, rotation) => {
  const { x, y } = turnBack(by, { width: 0, height: 0 }, rotation);
  return { x: x + 0, y: y + 0 }; // never -0
};

/** @param {View} view @param {Size} picture @param {Size} room @param {number} density */
function scaleOf({ mode, scale, rotation }, picture, room, density) {
  if (mode !== 'free') return pictureSize(mode, turnedSize(picture, rotation), room, density).scale;
  const { least, most } = limits(picture, rotation, room, density);
  return between(scale, least, most);
}

/** @param {Size} picture @param {Rotation} rotation @param {Size} room @param {number} density */
function limits(picture, rotation, room, density) {
  const fill = pictureSize('fill', turnedSize(picture, rotation), room, density).scale;
  return { least: Math.min(MIN_SCALE, fill), most: Math.max(MAX_SCALE, fill) };
}

/**
 * @param {View} view
 * @param {Size} picture in target pixels, not empty
 * @param {Size} room in CSS pixels
 * @param {number} density screen pixels for each CSS pixel
 * @returns {Placed} edges are on whole screen pixels
 */
export function place(view, picture, room, density) {
  const { rotation } = view;
  const scale = scaleOf(view, picture, room, density);
  const ratio = scale / density;
  const turned = turnedSize(picture, rotation);
  const [width, height] = [turned.width * ratio, turned.height * ratio];
  const centre = turn({ x: view.centre.x * picture.width, y: view.centre.y * picture.height }, picture, rotation);
  /** In the middle when it fits, else no gap at either end. @param {number} size @param {number} space @param {number} at */
  const edge = (size, space, at) => {
    const start = size <= space ? (space - size) / 2 : between(space / 2 - at * ratio, space - size, 0);
    return Math.round(start * density) / density + 0;
  };
  const [left, top] = [edge(width, room.width, centre.x), edge(height, room.height, centre.y)];
  return { scale, ratio, sharp: Number.isInteger(scale), rotation, picture, room, left, top, width, height };
}

/** @param {Point} at in the room @param {Placed} placed @returns {Point} in target pixels; may be outside the picture */
export function toTarget({ x, y }, { left, top, ratio, picture, rotation }) {
  return turnBack({ x: (x - left) / ratio, y: (y - top) / ratio }, picture, rotation);
}

/** @param {Point} at in target pixels @param {Placed} placed @returns {Point} in the room */
export function toRoom(at, { left, top, ratio, picture, rotation }) {
  const { x, y } = turn(at, picture, rotation);
  return { x: left + x * ratio, y: top + y * ratio };
}

/** The part of the picture that is seen, 0..1 in both directions, as it is turned. @param {Placed} placed */
export function seenPart({ left, top, width, height, room }) {
  const part = (/** @type {number} */ start, /** @type {number} */ size, /** @type {number} */ space) => ({
    from: between(-start / size, 0, 1),
    to: between((space - start) / size, 0, 1),
  });
  return { across: part(left, width, room.width), down: part(top, height, room.height) };
}

/** Some of it is outside. @param {Placed} placed */
export const overflows = ({ width, height, room }) => width > room.width + 0.5 || height > room.height + 0.5;

/** @param {View} view @param {Placed} placed @param {Point} at of the picture, in target pixels @param {Point} to where it should be, in the room @returns {View} */
function withAt(view, placed, at, to) {
  const turned = turn(at, placed.picture, placed.rotation);
  const middle = { x: turned.x + (placed.room.width / 2 - to.x) / placed.ratio, y: turned.y + (placed.room.height / 2 - to.y) / placed.ratio };
  const { x, y } = turnBack(middle, placed.picture, placed.rotation);
  return { ...view, centre: { x: x / placed.picture.width, y: y / placed.picture.height } };
}

/** What place() made of the wish, so that the next movement begins where the picture stands. @param {View} view @param {Placed} placed @returns {View} */
function settled(view, placed) {
  const { x, y } = toTarget({ x: placed.room.width / 2, y: placed.room.height / 2 }, placed);
  return { ...view, centre: { x: x / placed.picture.width, y: y / placed.picture.height } };
}

/** @param {View} view @param {Placed} placed as it is now @param {Point} by CSS pixels @param {number} density @returns {View} */
export function pan(view, placed, by, density) {
  const middle = { x: placed.room.width / 2 - by.x, y: placed.room.height / 2 - by.y };
  const wish = withAt(view, placed, toTarget(middle, placed), { x: placed.room.width / 2, y: placed.room.height / 2 });
  const { picture, room } = placed;
  // Which direction moved decides; what is centred for being small stays so.
  return settled(wish, { ...place(wish, picture, room, density) });
}

/**
 * What is under a place stays there.
 * @param {View} view @param {Placed} placed as it is now @param {number} scale wanted @param {Point} at in the room @param {number} density
 * @returns {View}
 */
export function zoomTo(view, placed, scale, at, density) {
  const { picture, room } = placed;
  const { least, most } = limits(picture, placed.rotation, room, density);
  const wanted = between(scale, least, most);
  const point = toTarget(at, placed);
  const next = withAt({ ...view, mode: 'free', scale: wanted }, { ...placed, ratio: wanted / density }, point, at);
  return settled(next, place(next, picture, room, density));
}

/** The next of the usual scales. @param {number} scale now @param {1|-1} direction */
export function stepScale(scale, direction) {
  const beyond = STEPS.filter((step) => (direction > 0 ? step > scale * 1.001 : step < scale * 0.999));
  if (beyond.length) return direction > 0 ? beyond[0] : beyond[beyond.length - 1];
  return scale;
}

/** A whole scale that is near, or the scale itself: fingers cannot aim so well. @param {number} scale */
export function snapScale(scale) {
  const whole = Math.round(scale);
  return whole >= 1 && Math.abs(scale / whole - 1) <= SNAP ? whole : scale;
}

/**
 * Moves the view as little as needed so that a place keeps away from the edges.
 * @param {View} view @param {Placed} placed @param {Point} at in target pixels @param {number} margin CSS pixels @param {number} density
 * @returns {View|null} null: it is well inside, or there is nothing more to show on that side
 */
export function keepInside(view, placed, at, margin, density) {
  const { x, y } = toRoom(at, placed);
  /** @param {number} position @param {number} space @param {number} start @param {number} size */
  const needed = (position, space, start, size) => {
    const rim = Math.min(margin, space / 3);
    if (size <= space) return 0;
    if (position < rim) return Math.min(rim - position, -start);
    return position > space - rim ? -Math.min(position - (space - rim), start + size - space) : 0;
  };
  const by = { x: needed(x, placed.room.width, placed.left, placed.width), y: needed(y, placed.room.height, placed.top, placed.height) };
  return Math.abs(by.x) < 0.5 && Math.abs(by.y) < 0.5 ? null : pan(view, placed, by, density);
}

/** Whatever a browser kept of it, it is a view. @param {unknown} kept @returns {View} */
export function checkedView(kept) {
  const { mode, scale, rotation, centre } = /** @type {Record<string, any>} */ (kept ?? {});
  const within = (/** @type {unknown} */ value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : 0.5);
  return {
    mode: ['fit', 'fill', 'own', 'free'].includes(mode) ? mode : 'fit',
    scale: typeof scale === 'number' && scale > 0 && scale < 10000 ? scale : 1,
    rotation: [0, 90, 180, 270].includes(rotation) ? rotation : 0,
    centre: { x: within(centre?.x), y: within(centre?.y) },
  };
}
