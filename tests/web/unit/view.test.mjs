/* Where the picture stands: size, place, rotation, zoom, and positions from the page to the target and back. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkedView, FIRST_VIEW, keepInside, overflows, pan, place, seenPart, snapScale, stepScale, toRoom, toTarget, turn, turnBack, turnMoveBack, zoomTo,
} from '../../../html5-client/console/screen/view_transform.js';

const VGA = { width: 720, height: 400 };
const UHD = { width: 3840, height: 2160 };
const DOT = { width: 1, height: 1 };
const PHONE = { width: 360, height: 520 };
const DESK = { width: 1280, height: 720 };
const ROTATIONS = [0, 90, 180, 270];
const near = (one, other, slack = 1e-6) => assert.ok(Math.abs(one.x - other.x) <= slack && Math.abs(one.y - other.y) <= slack, `${JSON.stringify(one)} is not ${JSON.stringify(other)}`);
const free = (scale, rotation = 0) => ({ ...FIRST_VIEW, mode: 'free', scale, rotation });

test('corners turn clockwise', () => {
  assert.deepEqual(turn({ x: 0, y: 0 }, VGA, 90), { x: 400, y: 0 });
  assert.deepEqual(turn({ x: 0, y: 0 }, VGA, 180), { x: 720, y: 400 });
  assert.deepEqual(turn({ x: 0, y: 0 }, VGA, 270), { x: 0, y: 720 });
  for (const rotation of ROTATIONS) near(turnBack(turn({ x: 31, y: 7 }, VGA, rotation), VGA, rotation), { x: 31, y: 7 });
  assert.deepEqual(turnMoveBack({ x: 5, y: 0 }, 90), { x: 0, y: -5 });
  assert.deepEqual(turnMoveBack({ x: 5, y: 0 }, 180), { x: -5, y: 0 });
});

test('every place comes back, for all sizes, scales, rotations and densities', () => {
  for (const picture of [VGA, UHD, DOT, { width: 1366, height: 768 }])
    for (const room of [PHONE, DESK, { width: 120, height: 90 }, { width: 740, height: 260 }])
      for (const density of [1, 1.25, 2, 2.625, 3])
        for (const rotation of ROTATIONS)
          for (const view of ['fit', 'fill', 'own', 'free'].map((mode) => ({ ...free(2.3, rotation), mode })))
            for (const part of [0, 0.25, 0.9, 1]) {
              const placed = place(view, picture, room, density);
              const at = { x: part * picture.width, y: (1 - part) * picture.height };
              near(toTarget(toRoom(at, placed), placed), at, 1e-6 * picture.width + 1e-9);
              assert.ok(placed.width > 0 && placed.height > 0 && Number.isFinite(placed.left + placed.top));
            }
});

test('fit turns with the picture', () => {
  const placed = place({ ...FIRST_VIEW, rotation: 90 }, VGA, { width: 500, height: 800 }, 1);
  assert.deepEqual([placed.scale, placed.width, placed.height, placed.left, placed.top], [1, 400, 720, 50, 40]);
  near(toTarget({ x: 50, y: 40 }, placed), { x: 0, y: 400 });
  near(toTarget({ x: 450, y: 760 }, placed), { x: 720, y: 0 });
});

test('edges stand on whole screen pixels, and whole scales are sharp', () => {
  for (const density of [1, 1.5, 3]) {
    const placed = place(free(2), VGA, { width: 1111, height: 333 }, density);
    assert.ok(placed.sharp);
    for (const edge of [placed.left, placed.top]) assert.ok(Math.abs(edge * density - Math.round(edge * density)) < 1e-9);
  }
  assert.equal(place(free(1.5), VGA, DESK, 1).sharp, false);
});

test('a browser zoomed to 300 % shows the same screen pixels', () => {
  const usual = place(FIRST_VIEW, VGA, DESK, 1);
  const zoomed = place(FIRST_VIEW, VGA, { width: DESK.width / 3, height: DESK.height / 3 }, 3);
  assert.equal(zoomed.scale, usual.scale);
  assert.ok(Math.abs(zoomed.width * 3 - usual.width) < 1e-9);
});

test('a target of one pixel fills the room, and can still be zoomed', () => {
  const placed = place(FIRST_VIEW, DOT, DESK, 1);
  assert.equal(placed.scale, 720);
  const smaller = zoomTo(FIRST_VIEW, placed, 4, { x: 640, y: 360 }, 1);
  assert.equal(place(smaller, DOT, DESK, 1).width, 4);
});

test('4K on a phone: all of it fits, and 10 % is not the least when less fits', () => {
  const placed = place(FIRST_VIEW, { width: 7680, height: 4320 }, { width: 320, height: 200 }, 1);
  assert.ok(placed.width <= 320 && placed.scale < 0.1);
  assert.equal(place(free(0.001), UHD, { width: 3840, height: 2160 }, 1).scale, 0.1);
  assert.equal(place(free(99), UHD, DESK, 1).scale, 8);
});

test('what is under the fingers stays there while it is zoomed', () => {
  for (const rotation of ROTATIONS) {
    let view = free(3, rotation);
    const at = { x: 100, y: 180 };
    let placed = place(view, UHD, PHONE, 2);
    const point = toTarget(at, placed);
    for (const scale of [3.2, 4, 6.5, 2.4]) {
      view = zoomTo(view, placed, scale, at, 2);
      placed = place(view, UHD, PHONE, 2);
      near(toTarget(at, placed), point, 0.5);
    }
  }
});

test('zooming out never leaves a gap beside what is larger than the room', () => {
  let view = zoomTo(FIRST_VIEW, place(FIRST_VIEW, VGA, PHONE, 1), 4, { x: 0, y: 0 }, 1);
  let placed = place(view, VGA, PHONE, 1);
  assert.deepEqual([placed.left, placed.top <= 0], [0, true]);
  view = zoomTo(view, placed, 1, { x: 359, y: 519 }, 1);
  placed = place(view, VGA, PHONE, 1);
  assert.ok(placed.left <= 0 && placed.left + placed.width >= 360);
});

test('panning moves what the room shows, stops at the edges and comes back at once', () => {
  for (const rotation of ROTATIONS) {
    let view = free(2, rotation);
    let placed = place(view, UHD, DESK, 1);
    const before = toTarget({ x: 640, y: 360 }, placed);
    view = pan(view, placed, { x: 40, y: -25 }, 1);
    placed = place(view, UHD, DESK, 1);
    near(toTarget({ x: 680, y: 335 }, placed), before, 0.6);
    view = pan(view, placed, { x: 99999, y: 99999 }, 1);
    placed = place(view, UHD, DESK, 1);
    assert.deepEqual([placed.left, placed.top], [0, 0]);
    placed = place(pan(view, placed, { x: -10, y: -10 }, 1), UHD, DESK, 1);
    assert.deepEqual([placed.left, placed.top], [-10, -10]);
  }
});

test('a turned phone keeps the place', () => {
  const view = pan(free(2), place(free(2), UHD, PHONE, 1), { x: -900, y: -500 }, 1);
  const [upright, lying] = [PHONE, { width: 520, height: 360 }].map((room) => toTarget({ x: room.width / 2, y: room.height / 2 }, place(view, UHD, room, 1)));
  near(upright, lying, 1);
});

test('the pointer keeps away from the edges while there is more to show', () => {
  let view = free(2);
  let placed = place(view, UHD, DESK, 1);
  assert.equal(keepInside(view, placed, toTarget({ x: 600, y: 300 }, placed), 60, 1), null);
  const edge = toTarget({ x: 1270, y: 300 }, placed);
  view = keepInside(view, placed, edge, 60, 1);
  placed = place(view, UHD, DESK, 1);
  near(toRoom(edge, placed), { x: 1220, y: 300 }, 1);
  for (const corner of [{ x: 0, y: 0 }, { x: 3840, y: 2160 }, { x: 3840, y: 0 }]) {
    view = keepInside(view, placed, corner, 60, 1) ?? view;
    placed = place(view, UHD, DESK, 1);
    const { x, y } = toRoom(corner, placed);
    assert.ok(x >= 0 && x <= 1280 && y >= 0 && y <= 720);
    assert.equal(keepInside(view, placed, corner, 60, 1), null, 'there is no more on that side');
  }
});

test('the usual scales follow each other, and near is whole', () => {
  assert.equal(stepScale(1, 1), 1.5);
  assert.equal(stepScale(1, -1), 0.75);
  assert.equal(stepScale(1.7, -1), 1.5);
  assert.equal(stepScale(8, 1), 8);
  assert.equal(stepScale(0.1, -1), 0.1);
  assert.deepEqual([0.97, 1.04, 2.09, 1.4, 0.4, 0.2].map(snapScale), [1, 1, 2, 1.4, 0.4, 0.2]);
});

test('what is seen, for the little map', () => {
  const placed = place(free(2), UHD, { width: 3840, height: 5000 }, 1);
  assert.ok(overflows(placed));
  assert.deepEqual(seenPart(placed), { across: { from: 0.25, to: 0.75 }, down: { from: 0, to: 1 } });
  assert.equal(overflows(place(FIRST_VIEW, UHD, DESK, 1)), false);
});

test('what a browser kept is never trusted', () => {
  assert.deepEqual(checkedView(null), FIRST_VIEW);
  assert.deepEqual(checkedView({ mode: 'x', scale: -1, rotation: 45, centre: { x: 'a', y: NaN } }), FIRST_VIEW);
  const view = { mode: 'free', scale: 2.5, rotation: 270, centre: { x: 0.1, y: 1 } };
  assert.deepEqual(checkedView(JSON.parse(JSON.stringify(view))), view);
});
