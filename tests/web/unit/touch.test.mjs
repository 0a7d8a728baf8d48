/* Fingers and what they mean; above all that no button stays pressed, whatever the fingers do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KineticScroll } from '../../../html5-client/console/touch/kinetic_scroll.js';
import { CLICK_MS, FINGERS_MS, HOLD_MS, LOCK_MS, RING_MS, TAP_MS, TouchGestures } from '../../../html5-client/console/touch/touch_gestures.js';

/** Drives a recogniser: what is due happens in its time, as a page's timers would have it. */
class Hand {
  actions = [];
  time = 1000;
  buttons = 0;

  constructor(mode) {
    this.gestures = new TouchGestures((action) => {
      this.actions.push(action);
      if (action.type === 'press') this.buttons |= action.button;
      if (action.type === 'release') this.buttons = 0;
    }, mode);
  }

  wait(ms) {
    const end = this.time + ms;
    for (let at = this.gestures.deadline; at !== null && at <= end; at = this.gestures.deadline) {
      this.gestures.tick(at);
      assert.ok(this.gestures.deadline === null || this.gestures.deadline > at, 'time goes on');
    }
    this.time = end;
    return this;
  }

  down(x, y, id = 1, first = false) {
    this.gestures.down(id, { x, y }, this.time, first);
    return this;
  }

  move(x, y, id = 1) {
    this.gestures.move(id, { x, y }, this.time);
    return this;
  }

  up(id = 1) {
    this.gestures.up(id, this.time);
    return this;
  }

  /** In steps, as fingers do. */
  drag(from, to, id = 1, steps = 5, ms = 16) {
    for (let i = 1; i <= steps; i++) {
      this.wait(ms);
      this.move(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps, id);
    }
    return this;
  }

  both(from, to, steps = 6) {
    for (let i = 1; i <= steps; i++) {
      this.wait(16);
      from.forEach(([x, y], k) => this.move(x + ((to[k][0] - x) * i) / steps, y + ((to[k][1] - y) * i) / steps, k + 1));
    }
    return this;
  }

  tap(x, y, ms = 60) {
    return this.down(x, y).wait(ms).up();
  }

  of(...types) {
    return this.actions.filter(({ type }) => types.includes(type));
  }

  words() {
    return this.of('press', 'release').map(({ type, button }) => (type === 'press' ? `press ${button}` : 'release'));
  }

  sum(type) {
    return this.of(type).reduce(({ dx, dy }, action) => ({ dx: dx + action.dx, dy: dy + action.dy }), { dx: 0, dy: 0 });
  }
}

for (const mode of ['direct', 'trackpad']) {
  test(`${mode}: a tap is a click where it was tapped, and the button goes up by itself`, () => {
    const hand = new Hand(mode).tap(50, 60);
    assert.deepEqual(hand.of('press'), [{ type: 'press', button: 1, at: { x: 50, y: 60 } }]);
    hand.wait(TAP_MS + 10);
    assert.deepEqual(hand.words(), ['press 1', 'release']);
    assert.equal(hand.gestures.deadline, null);
  });

  test(`${mode}: a double tap is two clicks in one place`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(80).tap(61, 66).wait(1000);
    assert.deepEqual(hand.words(), ['press 1', 'release', 'press 1', 'release']);
    assert.deepEqual(hand.of('press').map(({ at }) => at), [{ x: 50, y: 60 }, { x: 50, y: 60 }]);
  });

  test(`${mode}: two taps far from each other are two clicks in two places`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(80).tap(250, 60).wait(1000);
    assert.deepEqual(hand.words(), ['press 1', 'release', 'press 1', 'release']);
    assert.deepEqual(hand.of('press').map(({ at }) => at.x), [50, 250]);
  });

  test(`${mode}: held still it is a right click, after a ring`, () => {
    const hand = new Hand(mode).down(80, 90).wait(RING_MS + 1);
    assert.deepEqual(hand.of('hold').map(({ state }) => state), ['begins']);
    hand.wait(HOLD_MS).move(83, 92).up();
    assert.deepEqual(hand.of('hold').map(({ state }) => state), ['begins', 'held', 'ends']);
    assert.deepEqual(hand.of('press'), [{ type: 'press', button: 2, at: { x: 80, y: 90 } }]);
    assert.deepEqual(hand.wait(CLICK_MS).words(), ['press 2', 'release']);
  });

  test(`${mode}: movement takes the ring away, and nothing is pressed`, () => {
    const hand = new Hand(mode).down(80, 90).wait(RING_MS + 20).drag([80, 90], [140, 90]).wait(HOLD_MS).up().wait(1000);
    assert.deepEqual(hand.of('hold').map(({ state }) => state), ['begins', 'ends']);
    assert.deepEqual(hand.words(), []);
    assert.equal(Math.round(hand.sum('slide').dx), 60);
  });

  test(`${mode}: a tap and a second touch that moves drag with one press`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(90).down(52, 60).drag([52, 60], [152, 60]);
    assert.deepEqual(hand.words(), ['press 1']);
    assert.deepEqual(hand.of('mark').map(({ state }) => state), ['drag']);
    hand.wait(3000);
    assert.equal(hand.buttons, 1, 'as long as the finger is down');
    hand.up();
    assert.deepEqual(hand.words(), ['press 1', 'release']);
    assert.deepEqual(hand.of('mark').map(({ state }) => state), ['drag', 'none']);
  });

  test(`${mode}: a second touch that stays drags too, and ends`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(90).down(52, 60).wait(HOLD_MS + 10);
    assert.deepEqual(hand.of('mark').map(({ state }) => state), ['drag']);
    assert.deepEqual(hand.up().words(), ['press 1', 'release']);
  });

  test(`${mode}: two fingers tap for the right button, three for the middle one`, () => {
    const hand = new Hand(mode).down(50, 60).wait(20).down(110, 60, 2).wait(60).up(1).wait(20).up(2);
    assert.deepEqual(hand.of('press'), [{ type: 'press', button: 2, at: { x: 80, y: 60 } }]);
    hand.wait(CLICK_MS).down(50, 60).wait(10).down(110, 60, 2).wait(10).down(170, 60, 3).wait(50).up(2).up(1).up(3).wait(CLICK_MS);
    assert.deepEqual(hand.words(), ['press 2', 'release', 'press 4', 'release']);
  });

  test(`${mode}: fingers that rest are no tap`, () => {
    const hand = new Hand(mode).down(50, 60).down(110, 60, 2).wait(FINGERS_MS + 50).up(1).up(2).wait(1000);
    assert.deepEqual(hand.words(), []);
  });

  test(`${mode}: two fingers together scroll, and it goes on for a moment`, () => {
    const hand = new Hand(mode).down(100, 300).down(160, 300, 2).both([[100, 300], [160, 300]], [[100, 120], [160, 120]]);
    const { dx, dy } = hand.sum('scroll');
    assert.ok(dx === 0 && dy < -120 && dy >= -180, `scrolled by ${dy}`);
    assert.deepEqual(hand.of('view'), []);
    hand.up(1).up(2);
    const before = hand.sum('scroll').dy;
    hand.wait(5000);
    const more = hand.sum('scroll').dy - before;
    assert.ok(more < -20 && more > -700, `went on by ${more}`);
    assert.equal(hand.gestures.deadline, null, 'and came to its end');
  });

  test(`${mode}: a touch stops a scroll that goes on, and clicks nothing`, () => {
    const hand = new Hand(mode).down(100, 300).down(160, 300, 2).both([[100, 300], [160, 300]], [[100, 120], [160, 120]]).up(1).up(2).wait(40);
    hand.down(100, 100, 5);
    const count = hand.of('scroll').length;
    hand.wait(50).up(5).wait(2000);
    assert.equal(hand.of('scroll').length, count);
    assert.deepEqual(hand.words(), []);
  });

  test(`${mode}: scrolling sideways and slowly does not go on`, () => {
    const hand = new Hand(mode).down(100, 100).down(160, 100, 2).both([[100, 100], [160, 100]], [[200, 100], [260, 100]], 100).wait(200).up(1).up(2);
    assert.ok(hand.sum('scroll').dx > 60);
    assert.equal(hand.gestures.deadline, null);
  });

  test(`${mode}: fingers apart zoom around their middle and move the view`, () => {
    const hand = new Hand(mode).down(150, 200).down(200, 200, 2).both([[150, 200], [200, 200]], [[100, 240], [290, 240]], 12).up(1).up(2).wait(500);
    const factor = hand.of('view').reduce((product, action) => product * action.factor, 1);
    assert.ok(factor > 2 && factor <= 3.8, `zoomed by ${factor}`);
    assert.ok(hand.sum('view').dy > 20);
    assert.deepEqual(hand.of('scroll'), []);
    assert.equal(hand.actions.at(-1).type, 'view-end');
  });

  test(`${mode}: three fingers move the view`, () => {
    const from = [[50, 50], [90, 50], [130, 50]];
    const hand = new Hand(mode);
    from.forEach(([x, y], i) => hand.down(x, y, i + 1));
    hand.both(from, from.map(([x, y]) => [x + 60, y + 30])).up(1).up(2).up(3).wait(500);
    const { dx, dy } = hand.sum('view');
    assert.ok(dx > 30 && dy > 10);
    assert.ok(hand.of('view').every(({ factor }) => factor === 1));
    assert.deepEqual(hand.words(), []);
  });

  test(`${mode}: a finger that leaves while two scroll leaves the other without meaning`, () => {
    const hand = new Hand(mode).down(100, 300).down(160, 300, 2).both([[100, 300], [160, 300]], [[100, 260], [160, 260]], 40).wait(200).up(1);
    const count = hand.actions.length;
    hand.drag([160, 260], [20, 20], 2).wait(2 * HOLD_MS).up(2).wait(1000);
    assert.equal(hand.actions.length, count);
  });

  test(`${mode}: a fourth finger is too much`, () => {
    const hand = new Hand(mode);
    for (let id = 1; id <= 4; id++) hand.down(50 * id, 50, id);
    for (let id = 1; id <= 4; id++) hand.up(id);
    assert.deepEqual(hand.wait(1000).words(), []);
  });

  test(`${mode}: a second finger while the first drags is not heard`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(90).down(52, 60).drag([52, 60], [100, 60]).down(300, 300, 2).move(320, 320, 2).up(2);
    assert.equal(hand.buttons, 1);
    hand.move(110, 60).up();
    assert.deepEqual(hand.words(), ['press 1', 'release']);
  });

  test(`${mode}: a second finger during a tap’s press releases before it scrolls`, () => {
    const hand = new Hand(mode).tap(50, 60).wait(60).down(52, 60).down(120, 60, 2);
    assert.deepEqual(hand.words(), ['press 1', 'release']);
  });

  test(`${mode}: cancelled at any moment, nothing stays pressed and nothing is to come`, () => {
    const stories = [
      (hand) => hand.tap(50, 60),
      (hand) => hand.down(50, 60),
      (hand) => hand.down(50, 60).wait(HOLD_MS + 1),
      (hand) => hand.down(50, 60).wait(HOLD_MS + 1).drag([50, 60], [90, 60]),
      (hand) => hand.down(50, 60).wait(HOLD_MS + 1).drag([50, 60], [90, 60]).up(),
      (hand) => hand.tap(50, 60).wait(50).down(50, 60).drag([50, 60], [90, 60]),
      (hand) => hand.down(50, 60).wait(HOLD_MS + 1).up(),
      (hand) => hand.down(50, 60).down(90, 60, 2).up(1).up(2),
      (hand) => hand.down(50, 60).down(90, 60, 2).both([[50, 60], [90, 60]], [[10, 60], [190, 60]]),
      (hand) => hand.down(50, 60).down(90, 60, 2).both([[50, 60], [90, 60]], [[50, 200], [90, 200]]).up(1),
    ];
    for (const [i, story] of stories.entries()) {
      const hand = new Hand(mode);
      story(hand);
      hand.gestures.reset();
      assert.equal(hand.buttons, 0, `story ${i}`);
      assert.equal(hand.gestures.deadline, null, `story ${i}`);
      assert.equal(hand.gestures.pressed, false);
      const count = hand.actions.length;
      hand.move(300, 300).up().up(2).wait(3000);
      assert.equal(hand.actions.length, count, `story ${i}: who was cancelled is not heard any more`);
      hand.wait(1000).tap(5, 5).wait(TAP_MS);
      assert.deepEqual(hand.words().slice(-2), ['press 1', 'release'], `story ${i}: and it works again`);
    }
  });

  test(`${mode}: a finger whose end was never told does not spoil the next touch`, () => {
    const hand = new Hand(mode).down(10, 10, 7).wait(50).drag([10, 10], [60, 60], 7).wait(300);
    hand.down(100, 100, 8, true).wait(50).up(8).wait(TAP_MS);
    assert.deepEqual(hand.words(), ['press 1', 'release']);
  });

  test(`${mode}: random fingers never leave a button down`, () => {
    let seed = 7;
    const random = (below) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % below;
    const hand = new Hand(mode);
    for (let i = 0; i < 20000; i++) {
      const id = 1 + random(4);
      const what = random(9);
      if (what < 3) hand.down(random(400), random(400), id, random(5) === 0);
      else if (what < 5) hand.move(random(400), random(400), id);
      else if (what < 7) hand.up(id);
      else if (what === 7) hand.wait(random(900));
      else if (random(10) === 0) hand.gestures.reset();
      assert.equal(hand.gestures.pressed, hand.buttons !== 0);
      if (random(200)) continue;
      for (let finger = 1; finger <= 4; finger++) hand.up(finger);
      hand.wait(LOCK_MS + 1000);
      assert.equal(hand.buttons, 0, `after ${i} events`);
      assert.equal(hand.gestures.deadline, null);
    }
  });
}

test('direct: held and moved it drags until the finger leaves', () => {
  const hand = new Hand('direct').down(80, 90).wait(HOLD_MS + 10).drag([80, 90], [180, 90]);
  assert.deepEqual(hand.of('press'), [{ type: 'press', button: 1, at: { x: 80, y: 90 } }]);
  assert.deepEqual(hand.of('drag').at(-1).at, { x: 180, y: 90 });
  assert.deepEqual(hand.up().words(), ['press 1', 'release']);
});

test('trackpad: held and moved it drags on after the finger has left, until a tap', () => {
  const hand = new Hand('trackpad').down(80, 90).wait(HOLD_MS + 10).drag([80, 90], [180, 90]).up();
  assert.deepEqual(hand.of('mark').map(({ state }) => state), ['drag', 'locked']);
  assert.equal(hand.buttons, 1);
  hand.wait(2000).down(20, 20).drag([20, 20], [90, 20]).up().wait(2000);
  assert.equal(hand.buttons, 1, 'the next finger goes on with it');
  hand.tap(5, 5).wait(1000);
  assert.deepEqual(hand.words(), ['press 1', 'release']);
  assert.equal(hand.of('mark').at(-1).state, 'none');
});

test('trackpad: a locked drag that nobody goes on with ends', () => {
  const hand = new Hand('trackpad').down(80, 90).wait(HOLD_MS + 10).drag([80, 90], [180, 90]).up().wait(LOCK_MS + 1);
  assert.deepEqual(hand.words(), ['press 1', 'release']);
});

test('another mode ends what went on', () => {
  const hand = new Hand('trackpad').down(80, 90).wait(HOLD_MS + 10).drag([80, 90], [180, 90]);
  hand.gestures.setMode('direct');
  assert.equal(hand.buttons, 0);
});

test('look: nothing is pressed, taps are told, fingers move the view', () => {
  const hand = new Hand('look').tap(50, 60).wait(100).tap(52, 60).wait(1000).tap(50, 60).wait(100).tap(200, 60);
  assert.deepEqual(hand.of('tap').map(({ count }) => count), [1, 2, 1, 1]);
  hand.wait(1000).down(10, 10).wait(2 * HOLD_MS).up().down(10, 10).drag([10, 10], [100, 10]).up();
  assert.ok(hand.sum('slide').dx > 40);
  hand.wait(500).down(10, 10).down(90, 10, 2).both([[10, 10], [90, 10]], [[110, 10], [190, 10]]).up(1).up(2);
  assert.ok(hand.of('view').length > 2);
  assert.deepEqual(hand.words(), []);
  assert.deepEqual(hand.of('hold', 'scroll'), []);
});

test('clocks that go back change nothing', () => {
  const hand = new Hand('direct').down(10, 10);
  hand.time -= 5000;
  hand.move(100, 10).up().wait(100000);
  assert.equal(hand.buttons, 0);
  assert.equal(hand.gestures.deadline, null);
});

test('a scroll’s way after the fingers is bounded, however fast they were', () => {
  const kinetic = new KineticScroll();
  for (let i = 0; i < 5; i++) kinetic.moved(0, 9999, 10 * i);
  kinetic.release(40);
  let sum = 0;
  for (let time = 56; time < 20000; time += 16) sum += kinetic.step(time)?.dy ?? 0;
  assert.ok(sum > 100 && sum < 700, `${sum}`);
  assert.equal(kinetic.deadline, null);
});
