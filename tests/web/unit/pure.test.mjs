/* The page's small calculations: picture size, pointer, back-off, figures, addresses, words, password rules. */
import { messagesOf } from './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drafts } from '../../../html5-client/app/drafts.js';
import { Backoff } from '../../../html5-client/parts/backoff.js';
import { setText } from '../../../html5-client/parts/dom.js';
import { shotName } from '../../../html5-client/parts/download.js';
import { edidHex } from '../../../html5-client/dongle/edid_file.js';
import { Figures } from '../../../html5-client/console/figures/figures.js';
import { passwordRules, userNameFault } from '../../../html5-client/parts/password_rules.js';
import { pictureSize } from '../../../html5-client/console/screen/picture_size.js';
import { absolutePosition, accelerated, MotionSum, rimSpeed, WheelCounter } from '../../../html5-client/console/pointer/pointer_math.js';
import { TargetPointer } from '../../../html5-client/console/pointer/target_pointer.js';
import { useMessages } from '../../../html5-client/parts/messages.js';
import { hashOf, placeOf } from '../../../html5-client/router.js';
import { captureHelp, clockWords, driveWords, edidWords, millisecondWords, rateWords, refusalWords, signalWords, sizeWords } from '../../../html5-client/parts/words.js';

const VGA = { width: 720, height: 400 };

test('fit takes the largest whole number of screen pixels', () => {
  assert.deepEqual(pictureSize('fit', VGA, { width: 1500, height: 1000 }, 1), { width: 1440, height: 800, sharp: true, scale: 2 });
  assert.deepEqual(pictureSize('fit', VGA, { width: 1400, height: 1000 }, 1), { width: 720, height: 400, sharp: true, scale: 1 });
  // On a screen of double density the same room holds three screen pixels for each of the target's.
  assert.deepEqual(pictureSize('fit', VGA, { width: 1100, height: 1000 }, 2), { width: 1080, height: 600, sharp: true, scale: 3 });
});

test('fit shrinks what does not fit, and is not called sharp then', () => {
  const { width, height, sharp } = pictureSize('fit', VGA, { width: 360, height: 600 }, 1);
  assert.deepEqual({ width, height, sharp }, { width: 360, height: 200, sharp: false });
});

test('fill uses the room, own size does not care for it', () => {
  assert.equal(pictureSize('fill', VGA, { width: 1080, height: 1000 }, 1).width, 1080);
  assert.deepEqual(pictureSize('own', VGA, { width: 100, height: 100 }, 2), { width: 360, height: 200, sharp: true, scale: 1 });
});

test('positions span 0 to 32767 and stay inside', () => {
  const picture = { width: 200, height: 100 };
  assert.deepEqual(absolutePosition({ x: 0, y: 0 }, picture), { x: 0, y: 0 });
  assert.deepEqual(absolutePosition({ x: 200, y: 100 }, picture), { x: 32767, y: 32767 });
  assert.deepEqual(absolutePosition({ x: -50, y: 500 }, picture), { x: 0, y: 32767 });
  assert.deepEqual(absolutePosition({ x: 100, y: 50 }, picture), { x: 16384, y: 16384 });
  assert.deepEqual(absolutePosition({ x: 1, y: 0 }, { width: 1, height: 1 }), { x: 32767, y: 0 });
});

test('a slow finger aims, a quick one travels, and the direction stays', () => {
  const slow = accelerated(1, 0, 16);
  const quick = accelerated(40, -30, 16);
  assert.ok(slow.x > 0.8 && slow.x <= 1);
  assert.ok(quick.x > 120 && Math.abs(quick.x / quick.y + 4 / 3) < 1e-9);
});

test('a mouse at the rim moves the view, and faster at its very edge', () => {
  const room = { width: 1000, height: 600 };
  assert.deepEqual(rimSpeed({ x: 500, y: 300 }, room), { x: 0, y: 0 });
  assert.ok(rimSpeed({ x: 995, y: 300 }, room).x < rimSpeed({ x: 980, y: 300 }, room).x);
  assert.ok(rimSpeed({ x: 2, y: 300 }, room).x > 0 && rimSpeed({ x: 2, y: 598 }, room).y < 0);
  assert.deepEqual(rimSpeed({ x: -5, y: 700 }, room), { x: 0, y: 0 });
});

test('one pointer for all hands: positions, buttons and movements as the protocol has them', () => {
  const sent = [];
  let absolute = true;
  const pointer = new TargetPointer({ send: (command) => sent.push(command), absolute: () => absolute, picture: () => ({ width: 100, height: 50 }) });
  pointer.moveTo({ x: 50, y: 50 });
  pointer.press(1);
  pointer.moveTo({ x: 500, y: -3 });
  pointer.release();
  pointer.release();
  assert.deepEqual(sent.map(({ pointer: { buttons, x, y }, move }) => [buttons, x, y, move]), [
    [0, 16384, 32767, true], [1, 16384, 32767, false], [1, 32767, 0, true], [0, 32767, 0, false],
  ]);
  sent.length = 0;
  pointer.moveBy({ x: -10.5, y: 0 });
  pointer.moveBy({ x: -0.5, y: 0 });
  assert.deepEqual(sent.map((command) => command.pointer.x), [Math.round(0.9 * 32767), Math.round(0.89 * 32767)]);
  sent.length = 0;
  absolute = false;
  pointer.moveBy({ x: 0.4, y: 0 });
  pointer.moveBy({ x: 0.7, y: -2 }, 2);
  pointer.scroll({ wheel: -1, pan: 0 });
  pointer.scroll({ wheel: 0, pan: 0 });
  pointer.release();
  assert.deepEqual(sent.map((command) => Object.values(command.pointer)), [[2, 1, -2, 0, 0], [2, 0, 0, -1, 0], [0, 0, 0, 0, 0]]);
});

test('a notch of a real wheel is one detent, whatever the pixels', () => {
  const wheel = new WheelCounter();
  assert.deepEqual(wheel.take({ deltaX: 0, deltaY: 53, deltaMode: 0, wheelDeltaY: -120 }), { wheel: -1, pan: 0 });
  assert.deepEqual(wheel.take({ deltaX: 0, deltaY: -106, deltaMode: 0, wheelDeltaY: 240 }), { wheel: 2, pan: 0 });
});

test('fine scrolling adds up to detents', () => {
  const wheel = new WheelCounter();
  const steps = Array.from({ length: 10 }, () => wheel.take({ deltaX: 10, deltaY: 25, deltaMode: 0 }));
  assert.equal(steps.reduce((sum, step) => sum + step.wheel, 0), -2);
  assert.equal(steps.reduce((sum, step) => sum + step.pan, 0), 1);
  assert.deepEqual(wheel.take({ deltaX: 0, deltaY: -1.5, deltaMode: 1 }), { wheel: 0, pan: 0 });
  assert.deepEqual(wheel.take({ deltaX: 0, deltaY: 3, deltaMode: 2 }), { wheel: -3, pan: 0 });
});

test('movement below a pixel is not lost', () => {
  const motion = new MotionSum();
  const sum = Array.from({ length: 10 }, () => motion.take(0.25, -0.5).dx).reduce((a, b) => a + b, 0);
  assert.equal(sum, 2);
});

test('back-off doubles from 0.2 s to 5 s and begins anew after a good connection', () => {
  const backoff = new Backoff();
  assert.deepEqual([0, 0, 0, 0, 0, 0, 0].map((lived) => backoff.ended(lived)), [200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.equal(backoff.ended(100), 5000);
  assert.equal(backoff.ended(2000), 200);
  backoff.reset();
  assert.equal(backoff.ended(0), 200);
});

test('figures are those of the last two seconds', () => {
  const figures = new Figures();
  figures.update(1000, 0);
  for (let at = 1000; at < 3000; at += 100) figures.update(500, at);
  assert.deepEqual(figures.now(3000), { roundTrip: null, frames: 10, bits: 40000 });
  figures.pong(figures.stamp(5000), 5012.5);
  assert.equal(figures.now(9000).roundTrip, 12.5);
  assert.equal(figures.now(9000).frames, 0);
});

test('the round trip survives the wrap of the clock', () => {
  const figures = new Figures();
  const before = (2 ** 32 - 1000) / 1000;
  figures.pong(figures.stamp(before), before + 4);
  assert.equal(Math.round(figures.now(0).roundTrip ?? 0), 4);
});

test('addresses lead to views and back', () => {
  for (const place of [{ view: 'list' }, { view: 'login' }, { view: 'setup' }, { view: 'console', target: 'a b/ü' }])
    assert.deepEqual(placeOf(hashOf(place)), place);
  assert.deepEqual(placeOf('#/targets/%zz'), { view: 'list' });
  assert.deepEqual(placeOf('#nonsense'), { view: 'list' });
});

test('sizes and rates read well', () => {
  assert.deepEqual([0, 999, 1000, 5242880, 658505728, 1e13].map(sizeWords), ['0 B', '999 B', '1.0 kB', '5.2 MB', '659 MB', '10 TB']);
  assert.deepEqual([0, 42300, 4600000, 45000000].map(rateWords), ['0 kbit/s', '42 kbit/s', '4.6 Mbit/s', '45 Mbit/s']);
  assert.deepEqual([0, 4.25, 12.5].map(millisecondWords), ['0.0', '4.3', '13']);
  assert.equal(driveWords({ phase: 'ejected-by-target', medium: 'a.iso', reason: '' }).text, 'The target ejected a.iso');
});

test('a user name that the gateway would refuse is told before it is asked', () => {
  for (const good of ['anna', 'Anna.B_c@d-e', '7', 'a'.repeat(63)]) assert.equal(userNameFault(good), '', good);
  for (const bad of ['', 'ärna', '-x', '../x', 'a b', '😀', 'a'.repeat(64)]) assert.notEqual(userNameFault(bad), '', bad);
});

test('password rules are the gateway’s', () => {
  const met = (password, user) => passwordRules(password, user).map((rule) => rule.met);
  assert.deepEqual(met('', ''), [false, false, false]);
  assert.deepEqual(met('correct horse', 'anna'), [true, true, true]);
  assert.deepEqual(met('aaaaaaaaaaaa', 'anna'), [true, false, true]);
  assert.deepEqual(met('my ANNAbel lee!', 'anna'), [true, true, false]);
  assert.deepEqual(met('a joe on a boat', 'joe'), [true, true, true]);
});

test('screenshots are named for target and time', () => {
  assert.equal(shotName('demo', new Date('2026-11-21T04:05:06Z')), 'demo_2026-11-21_04-05-06.png');
});

test('a file with an EDID is taken as bytes or as text', () => {
  assert.deepEqual(edidHex(new Uint8Array([0, 255, 16])), { hex: '00ff10' });
  assert.deepEqual(edidHex(new TextEncoder().encode('00 FF\n10\n')), { hex: '00 FF\n10' });
});

test('an EDID in words', () => {
  const edid = { present: true, presets: [], manufacturer: 'LSO', name: '', width: 1920, height: 1200, refresh_millihertz: 59950, preset: null };
  assert.equal(edidWords(edid), 'One of your own (1920 × 1200, 59.95 Hz), shown as LSO');
  assert.equal(edidWords({ ...edid, preset: '1200p60', manufacturer: '' }), '1200p60 (1920 × 1200, 59.95 Hz)');
});

test('whatever keeps a capture device’s picture away has a reason and a remedy', () => {
  for (const name of ['powered-off', 'no-signal', 'no-lock', 'out-of-range', 'unsupported', 'device-gone', 'starting']) {
    assert.ok(captureHelp(name).reason && captureHelp(name).remedies.length > 0, name);
    assert.notEqual(signalWords(name), 'No picture');
  }
});

test('a clock that is wrong is mentioned, one that is right is not', () => {
  const now = Date.UTC(2026, 5, 1);
  assert.equal(clockWords({ synchronised: true, time: 0 }, now), null);
  assert.equal(clockWords({ synchronised: false, time: now - 59000 }, now), null);
  assert.match(clockWords({ synchronised: false, time: 0 }, now), /clock shows .*19(69|70)/);
  assert.match(clockWords({ synchronised: false, time: now + 61000 }, now), /2026/);
});

test('no control character and nothing that turns directions is shown', () => {
  const element = /** @type {any} */ ({ textContent: '' });
  const odd = [0, 7, 27, 127, 0x9b, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069].map((code) => String.fromCharCode(code));
  setText(element, `a${odd.join('')}b\tc\n`);
  assert.equal(element.textContent, `a${'\ufffd'.repeat(odd.length)}b\tc\n`);
});

test('what was not finished stays with its writer, until it is emptied, forgotten, or somebody else is there', () => {
  drafts.ownedBy('anna');
  drafts.keep('typing pc', 'a text');
  drafts.ownedBy('anna');
  assert.equal(drafts.of('typing pc'), 'a text');
  assert.equal(drafts.of('typing other'), null);
  drafts.keep('typing pc', '');
  assert.equal(drafts.of('typing pc'), null);
  drafts.keep('typing pc', 'a text');
  drafts.ownedBy('berta');
  drafts.ownedBy('anna');
  assert.equal(drafts.of('typing pc'), null);
  drafts.keep('typing pc', 'a text');
  drafts.forget();
  assert.equal(drafts.of('typing pc'), null);
});

test('what the gateway refuses is said in the language of the page', (context) => {
  const locked = { code: 'locked-out', message: 'Too many failed tries; try again in 90 s.', args: ['90'] };
  const failed = { code: 'bad-image', message: 'old.iso is empty. Copy the image again.' };
  assert.equal(refusalWords(locked), locked.message);
  context.after(() => useMessages('en', messagesOf('en')));
  useMessages('de', messagesOf('de'));
  assert.equal(refusalWords(locked), 'Zu viele Fehlversuche; versuchen Sie es in 2 min noch einmal.');
  assert.equal(refusalWords(failed), `Dieses Abbild geht nicht: ${failed.message}`);
  assert.equal(refusalWords({ code: 'bad-json', message: 'The body is not a JSON object.' }), 'The body is not a JSON object.');
  assert.equal(refusalWords({ code: 'bad-image' }), undefined);
  assert.equal(refusalWords(undefined), undefined);
});
