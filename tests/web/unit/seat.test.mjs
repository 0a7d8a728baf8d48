/* The seat as the page sees it: what it does by itself, what it tells, what it offers. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeatIntent } from '../../../html5-client/console/seat/seat_intent.js';
import { durationWords, idleWords, seatOffers, seatWords } from '../../../html5-client/console/seat/seat_words.js';

const base = {
  type: 'seats', mine: false, shared: false, free: false, asking: false, mayType: true, mayTake: false, idle: false,
  viewers: 1, holder: 0, idleSeconds: 0, idleLimit: 600, name: '', askers: [],
};
const free = { ...base, free: true };
const mine = (holder) => ({ ...base, mine: true, holder, name: 'anna' });
const theirs = (holder) => ({ ...base, holder, name: 'bert' });
const welcome = (viewer, mayType = true) => ({ viewer, mayType });

test('the first viewer takes a free seat, once', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  assert.equal(intent.told(free), 'request');
  assert.equal(intent.told(mine(1)), null);
});

test('who comes second takes nothing, not even when the seat becomes free', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(2));
  assert.equal(intent.told(theirs(1)), null);
  assert.equal(intent.told(free), null);
  intent.welcomed(welcome(3));
  assert.equal(intent.told(free), null);
});

test('after a lost connection the former holder takes its seat again', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(free);
  intent.told(mine(1));
  intent.welcomed(welcome(5));
  assert.equal(intent.told(free), 'request');
  intent.told(mine(5));
  intent.welcomed(welcome(6));
  assert.equal(intent.told({ ...mine(5), mine: false }), 'request', 'the gateway has not yet missed the old one');
});

test('a seat lost to somebody is not fought for', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(free);
  intent.told(mine(1));
  assert.equal(intent.told(theirs(2)), 'lost');
  intent.welcomed(welcome(3));
  assert.equal(intent.told(free), null);
});

test('a seat lost by idleness is told, and not taken again by itself', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(free);
  intent.told(mine(1));
  assert.equal(intent.told(free), 'idle');
  intent.welcomed(welcome(3));
  assert.equal(intent.told(free), null);
});

test('what was given up on purpose is no news', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(mine(1));
  intent.decided(false);
  assert.equal(intent.told(free), null);
  intent.decided(true);
  intent.told({ ...theirs(2), asking: true });
  intent.decided(false);
  assert.equal(intent.told(theirs(2)), null);
});

test('answers are told', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(theirs(2));
  intent.decided(true);
  assert.equal(intent.told({ ...theirs(2), asking: true }), null);
  assert.equal(intent.told(theirs(2)), 'refused');
  intent.told({ ...theirs(2), asking: true });
  assert.equal(intent.told({ ...theirs(3), asking: true }), null, 'another one has it now, who is asked');
  assert.equal(intent.told(mine(1)), 'granted');
});

test('a seat that becomes shared is nobody’s loss', () => {
  const intent = new SeatIntent(false);
  intent.welcomed(welcome(1));
  intent.told(mine(1));
  assert.equal(intent.told({ ...base, shared: true }), null);
  assert.equal(intent.told(free), null);
});

test('neither view-only nor a role without input takes the seat', () => {
  const viewOnly = new SeatIntent(true);
  viewOnly.welcomed(welcome(1));
  assert.equal(viewOnly.told(free), null);
  const reader = new SeatIntent(false);
  reader.welcomed(welcome(1, false));
  assert.equal(reader.told(free), null);
});

const facts = (seat, more = {}) => ({ seat, connected: true, mayType: true, viewOnly: false, captured: false, picture: true, ...more });

test('how it stands, in words', () => {
  assert.equal(seatWords(facts(mine(1), { captured: true })), 'Your keys go to the target');
  assert.equal(seatWords(facts({ ...mine(1), viewers: 3 })), 'Click the picture to type · 3 viewers');
  assert.equal(seatWords(facts(mine(1), { picture: false })), 'You have the keyboard');
  assert.equal(seatWords(facts(theirs(2))), 'bert types');
  assert.equal(seatWords(facts({ ...theirs(0), name: '' })), 'Somebody types');
  assert.equal(seatWords(facts({ ...theirs(2), idle: true })), 'bert has the keyboard, idle');
  assert.equal(seatWords(facts({ ...theirs(2), asking: true, askers: [{ number: 1, waiting: 3, mine: true, name: 'anna' }] })), 'Waiting for bert’s answer');
  assert.equal(seatWords(facts({ ...theirs(2), askers: [{ number: 1, waiting: 3, mine: false, name: 'cal' }] })), 'bert types · cal asks for it');
  assert.equal(seatWords(facts(free)), 'Nobody types');
  assert.equal(seatWords(facts(free, { mayType: false })), 'You may look, not type');
  assert.equal(seatWords(facts(free, { viewOnly: true })), 'View only');
  assert.equal(seatWords(facts({ ...base, shared: true })), 'Click the picture to type · shared');
  assert.equal(seatWords(facts({ ...base, shared: true }, { mayType: false })), 'All who may type do');
  assert.equal(seatWords(facts(free, { connected: false })), '');
});

test('what is offered', () => {
  const actions = (seat, more) => seatOffers(facts(seat, more)).map(({ action }) => action);
  assert.deepEqual(actions(free), ['request']);
  assert.deepEqual(actions(mine(1)), ['release']);
  assert.deepEqual(actions(theirs(2)), ['request']);
  assert.deepEqual(actions({ ...theirs(2), mayTake: true }), ['request', 'take']);
  assert.deepEqual(actions({ ...theirs(2), asking: true, mayTake: true }), ['release', 'take']);
  assert.deepEqual(actions({ ...base, shared: true, mayTake: true }), []);
  for (const more of [{ mayType: false }, { viewOnly: true }, { connected: false }]) assert.deepEqual(actions(free, more), []);
});

test('idleness in words', () => {
  assert.equal(idleWords(theirs(2), 5), '');
  assert.equal(idleWords({ ...theirs(2), idle: true, idleSeconds: 30 }, 10), 'for 40 seconds');
  assert.equal(idleWords({ ...mine(1), idle: true, idleSeconds: 540 }, 10), 'free in 50 seconds without a key');
  assert.equal(idleWords({ ...mine(1), idle: true, idleSeconds: 400 }, 10), ''); // long enough to say nothing of it
  assert.equal(idleWords({ ...mine(1), idle: true, idleSeconds: 540, idleLimit: 0 }, 10), '');
  assert.deepEqual([1, 89, 90, 5400].map(durationWords), ['1 second', '89 seconds', '2 minutes', '2 hours']);
});
