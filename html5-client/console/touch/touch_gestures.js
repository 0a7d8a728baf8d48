/* Fingers on the picture -> what they mean. Pure: events go in with their time, actions come out, and whoever drives it
 * calls tick() at `deadline`. Whatever the fingers do, and if they are never heard of again: a button that was pressed is
 * released, by the gesture's own end, by reset(), or by a deadline.
 *
 * One finger: a tap is a click; held still it is a right click; held and then moved it drags; a tap and a second touch that
 * moves drags as well. Moved at once it slides, which moves the view or the pointer. Two fingers: a tap is a right click,
 * moved together they scroll, apart or closer they zoom and move the view. Three: a tap is a middle click, moved they move the view. */

import { KineticScroll } from './kinetic_scroll.js';

/** @typedef {{x: number, y: number}} Point */
/** look: nothing goes to the target @typedef {'direct'|'trackpad'|'look'} TouchMode */
/**
 * press: a button goes down (1 left, 2 right, 4 middle) at a place, or in trackpad mode where the pointer is; release: all
 * buttons go up; slide: one finger moved; drag: the same with a button held; hold: the finger is still, from `since` until it
 * counts as held; mark: a drag goes on, locked ones after the finger has left.
 * @typedef {{type: 'press', button: number, at: Point} | {type: 'release'}
 *   | {type: 'slide'|'drag', at: Point, dx: number, dy: number, span: number}
 *   | {type: 'scroll', at: Point, dx: number, dy: number}
 *   | {type: 'view', at: Point, dx: number, dy: number, factor: number} | {type: 'view-end'}
 *   | {type: 'tap', at: Point, count: number}
 *   | {type: 'hold', at: Point, state: 'begins'|'held'|'ends'}
 *   | {type: 'mark', state: 'none'|'drag'|'locked'}} Action
 */
/** @typedef {{at: Point, start: Point, time: number}} Finger */
/** @typedef {'idle'|'one'|'held'|'slide'|'drag'|'two'|'three'|'lifting'|'scroll'|'pinch'|'pan'|'spent'} State */

export const SLOP = 10;
export const RING_MS = 150;
export const HOLD_MS = 500;
/** A tap's button stays down this long, so that a second touch can turn it into a drag, and slow pollers see it. */
export const TAP_MS = 180;
export const CLICK_MS = 80;
/** All fingers of a tap come and go within this. */
export const FINGERS_MS = 400;
/** Two taps of a double tap in look mode. */
const DOUBLE_MS = 350;
const NEAR = 40;
const DECIDE = 12;
/** A locked drag that nobody goes on with. */
export const LOCK_MS = 15000;

/** @param {Point} one @param {Point} other */
const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

/** @param {Point[]} points @returns {Point} */
const centreOf = (points) => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});

export class TouchGestures {
  /** @type {Map<number, Finger>} */
  #fingers = new Map();
  /** @type {State} */
  #state = 'idle';
  /** Those that the gesture is made of. @type {number[]} */
  #ids = [];
  #began = 0;
  #time = 0;
  #most = 0;
  #button = 0;
  /** The button is that of a tap, this touch may turn it into a drag. */
  #second = false;
  #dragByHold = false;
  #locked = false;
  #mark = 'none';
  #ring = false;
  /** @type {Point} */
  #origin = { x: 0, y: 0 };
  #spread = 1;
  /** @type {{at: Point, time: number}} */
  #tapped = { at: { x: 0, y: 0 }, time: -Infinity };
  #kinetic = new KineticScroll();
  /** @type {Record<'ring'|'hold'|'release'|'lock', number|null>} */
  #timers = { ring: null, hold: null, release: null, lock: null };

  /** @param {(action: Action) => void} act @param {TouchMode} [mode] */
  constructor(act, mode = 'look') {
    this.act = act;
    this.mode = mode;
  }

  /** A button is down on the target. */
  get pressed() {
    return this.#button !== 0;
  }

  get locked() {
    return this.#locked;
  }

  /** It takes part, or waits for the others. @param {number} id */
  has(id) {
    return this.#fingers.has(id);
  }

  /** When to call tick(); null: nothing is to come. */
  get deadline() {
    const times = [...Object.values(this.#timers), this.#kinetic.deadline].filter((time) => time !== null);
    return times.length ? Math.min(...times) : null;
  }

  /** @param {TouchMode} mode */
  setMode(mode) {
    if (mode === this.mode) return;
    this.reset();
    this.mode = mode;
  }

  /** @param {number} id @param {Point} at @param {number} time @param {boolean} [first] no other finger is down: who did not say goodbye is gone */
  down(id, at, time, first = false) {
    this.#now(time);
    if (this.#fingers.size && (first || this.#fingers.has(id))) this.reset();
    const caught = this.#kinetic.stop();
    this.#fingers.set(id, { at, start: at, time: this.#time });
    const { size } = this.#fingers;
    if (this.#state === 'idle') this.#firstDown(id, at, caught);
    else if (size === 2 && ['one', 'held', 'slide'].includes(this.#state)) this.#several('two');
    else if (size === 3 && this.#state === 'two') this.#several('three');
    else if (['two', 'three', 'lifting'].includes(this.#state)) this.#state = 'spent';
  }

  /** @param {number} id @param {Point} at @param {boolean} caught it stopped a scroll */
  #firstDown(id, at, caught) {
    this.#began = this.#time;
    this.#most = 1;
    this.#ids = [id];
    this.#origin = at;
    this.#state = caught ? 'spent' : 'one';
    this.#timers.lock = null;
    this.#second = this.#button === 1 && this.#timers.release !== null && distance(at, this.#tapped.at) <= NEAR;
    if (this.#second) this.#timers.release = null;
    else if (!this.#locked) this.#release();
    if (caught || this.#locked || this.mode === 'look') return;
    this.#timers.hold = this.#time + HOLD_MS;
    this.#timers.ring = this.#second ? null : this.#time + RING_MS;
  }

  /** @param {'two'|'three'} state */
  #several(state) {
    this.#endHold();
    if (!this.#locked) this.#release();
    this.#second = false;
    this.#state = state;
    this.#ids = [...this.#fingers.keys()];
    this.#most = this.#ids.length;
    this.#measure();
  }

  #measure() {
    const points = this.#points();
    this.#origin = centreOf(points);
    this.#spread = Math.max(1, distance(points[0], points[1]));
  }

  #points() {
    return this.#ids.map((id) => this.#fingers.get(id)?.at ?? this.#origin);
  }

  /** @param {number} id @param {Point} at @param {number} time */
  move(id, at, time) {
    this.#now(time);
    const finger = this.#fingers.get(id);
    if (!finger) return;
    const before = finger.at;
    const span = Math.max(1, this.#time - finger.time);
    finger.at = at;
    finger.time = this.#time;
    if (!this.#ids.includes(id)) return;
    const by = { dx: at.x - before.x, dy: at.y - before.y, span };
    if (this.#state === 'one' || this.#state === 'held') this.#leftPlace(finger);
    else if (this.#state === 'slide') this.act({ type: 'slide', at, ...by });
    else if (this.#state === 'drag') this.act({ type: 'drag', at, ...by });
    else if (this.#state === 'two' || this.#state === 'three') this.#decide();
    else if (this.#state === 'scroll' || this.#state === 'pinch' || this.#state === 'pan') this.#together();
  }

  /** All of the way counts from now on, so that what is moved stays below the finger. @param {Finger} finger */
  #leftPlace({ at, start }) {
    if (distance(at, start) <= SLOP) return;
    const by = { dx: at.x - start.x, dy: at.y - start.y, span: Math.max(1, this.#time - this.#began) };
    const held = this.#state === 'held';
    this.#endHold();
    if (!held && !this.#second) {
      this.#state = 'slide';
      return this.act({ type: this.#locked ? 'drag' : 'slide', at, ...by });
    }
    if (held) this.#press(1, start);
    this.#beginDrag(held);
    this.act({ type: 'drag', at, ...by });
  }

  /** @param {boolean} byHold */
  #beginDrag(byHold) {
    this.#state = 'drag';
    this.#dragByHold = byHold;
    this.#second = false;
    this.#show('drag');
  }

  /** By how the fingers move: apart, or together. */
  #decide() {
    const points = this.#points();
    const moved = distance(centreOf(points), this.#origin);
    const spread = this.#most === 2 ? Math.abs(distance(points[0], points[1]) - this.#spread) : 0;
    if (Math.max(moved, spread) < DECIDE) return;
    if (this.#most === 3) this.#state = 'pan';
    else this.#state = spread > moved || this.mode === 'look' ? 'pinch' : 'scroll';
    this.#together(); // all of the way counts, as for one finger
  }

  #together() {
    const points = this.#points();
    const at = centreOf(points);
    const [dx, dy] = [at.x - this.#origin.x, at.y - this.#origin.y];
    const spread = Math.max(1, distance(points[0], points[1]));
    const factor = this.#state === 'pinch' ? spread / this.#spread : 1;
    this.#origin = at;
    this.#spread = spread;
    if (this.#state !== 'scroll') return this.act({ type: 'view', at, dx, dy, factor });
    this.#kinetic.moved(dx, dy, this.#time);
    this.act({ type: 'scroll', at, dx, dy });
  }

  /** @param {number} id @param {number} time */
  up(id, time) {
    this.#now(time);
    const finger = this.#fingers.get(id);
    if (!finger) return;
    this.#fingers.delete(id);
    if (this.#ids.includes(id)) this.#ended(finger);
    if (this.#fingers.size) return;
    if (this.#state === 'lifting' && this.#time - this.#began <= FINGERS_MS) this.#click(this.#most === 2 ? 2 : 4, this.#origin);
    this.#state = 'idle';
    if (this.#locked) this.#timers.lock = this.#time + LOCK_MS;
  }

  /** One finger of the gesture has left. @param {Finger} finger */
  #ended({ start }) {
    const state = this.#state;
    this.#endHold();
    this.#state = 'spent';
    if (state === 'one') this.#tap(start);
    else if (state === 'held') this.#click(2, start);
    else if (state === 'drag') this.#endDrag();
    else if (state === 'two' || state === 'three' || state === 'lifting') this.#state = 'lifting';
    else if (state === 'scroll') this.#kinetic.release(this.#time);
    else if (state === 'pinch' || state === 'pan') this.act({ type: 'view-end' });
  }

  #endDrag() {
    if (this.mode !== 'trackpad' || !this.#dragByHold) return this.#release();
    this.#locked = true;
    this.#show('locked');
  }

  /** @param {Point} at */
  #tap(at) {
    if (this.#locked) return this.#release();
    const again = this.#time - this.#tapped.time <= DOUBLE_MS && distance(at, this.#tapped.at) <= NEAR;
    const place = again ? this.#tapped.at : at; // the target wants both clicks in one place
    this.#tapped = { at: place, time: this.#time };
    if (this.mode === 'look') {
      if (again) this.#tapped.time = -Infinity;
      return this.act({ type: 'tap', at: place, count: again ? 2 : 1 });
    }
    this.#release();
    this.#press(1, place);
    this.#timers.release = this.#time + TAP_MS;
  }

  /** @param {number} button @param {Point} at */
  #click(button, at) {
    if (this.mode === 'look') return;
    this.#release();
    this.#press(button, at);
    this.#timers.release = this.#time + CLICK_MS;
  }

  /** @param {number} button @param {Point} at */
  #press(button, at) {
    this.#button = button;
    this.act({ type: 'press', button, at });
  }

  #release() {
    this.#timers.release = this.#timers.lock = null;
    this.#locked = this.#second = false;
    if (this.#button) {
      this.#button = 0;
      this.act({ type: 'release' });
    }
    this.#show('none');
  }

  /** @param {'none'|'drag'|'locked'} state */
  #show(state) {
    if (this.#mark === state) return;
    this.#mark = state;
    this.act({ type: 'mark', state });
  }

  #endHold() {
    this.#timers.ring = this.#timers.hold = null;
    if (!this.#ring) return;
    this.#ring = false;
    this.act({ type: 'hold', at: this.#origin, state: 'ends' });
  }

  /** Ends whatever goes on: a finger was cancelled, the page is not sure any more, or the mode is another. */
  reset() {
    this.#endHold();
    this.#release();
    this.#kinetic.stop();
    if (this.#state === 'pinch' || this.#state === 'pan') this.act({ type: 'view-end' });
    this.#fingers.clear();
    this.#ids = [];
    this.#state = 'idle';
  }

  /** Forgets the button, which the target was told to release. */
  forget() {
    this.#button = 0;
    this.reset();
  }

  /** @param {number} time */
  tick(time) {
    this.#now(time);
  }

  /** Clocks never go back; what was due by now happens first. @param {number} time */
  #now(time) {
    this.#time = Math.max(this.#time, time);
    const due = (/** @type {'ring'|'hold'|'release'|'lock'} */ name) => {
      const at = this.#timers[name];
      if (at === null || at > this.#time) return false;
      this.#timers[name] = null;
      return true;
    };
    if (due('release') || due('lock')) this.#release();
    if (due('ring')) {
      this.#ring = true;
      this.act({ type: 'hold', at: this.#origin, state: 'begins' });
    }
    if (due('hold')) this.#held();
    const moved = this.#kinetic.step(this.#time);
    if (moved) this.act({ type: 'scroll', at: this.#origin, ...moved });
  }

  #held() {
    if (this.#state !== 'one') return;
    if (this.#second) return this.#beginDrag(false);
    this.#state = 'held';
    this.#ring = true;
    this.act({ type: 'hold', at: this.#origin, state: 'held' });
  }
}
