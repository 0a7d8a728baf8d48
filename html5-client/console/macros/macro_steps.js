/* Steps of macros as the gateway keeps them (docs/api.md): words for people, and a recording made into steps. Pure. */

import { t } from '../../parts/messages.js';
import { chordTitle, nameOfUsage } from '../keys/key_names.js';

/**
 * @typedef {{do: 'chord', keys: string, hold?: number} | {do: 'press'|'release', keys: string} | {do: 'text', text: string, layout?: string}
 *   | {do: 'pause', ms: number} | {do: 'move', x: number, y: number}
 *   | {do: 'click', x: number, y: number, button?: Button, times?: number, hold?: number}
 *   | {do: 'button', x: number, y: number, button?: Button, down: boolean} | {do: 'wheel', x: number, y: number, wheel: number}} Step
 */
/** @typedef {'left'|'right'|'middle'|'side'|'extra'} Button */
/** @typedef {{name?: string, title?: string, times?: number, shortcut?: string, steps: Step[]}} Macro */

export const BUTTONS = /** @type {Button[]} */ (['left', 'right', 'middle', 'side', 'extra']);
export const STEPS_MAX = 1000;
export const KINDS = /** @type {Step['do'][]} */ (['chord', 'text', 'pause', 'click', 'move', 'wheel', 'press', 'release', 'button']);

/** A new one of a kind, to be edited. @param {Step['do']} kind @returns {Step} */
export function newStep(kind) {
  const middle = { x: 16384, y: 16384 };
  switch (kind) {
    case 'chord': return { do: kind, keys: 'enter' };
    case 'press': case 'release': return { do: kind, keys: 'shift' };
    case 'text': return { do: kind, text: '' };
    case 'pause': return { do: kind, ms: 500 };
    case 'click': return { do: kind, ...middle, button: 'left' };
    case 'button': return { do: kind, ...middle, button: 'left', down: true };
    case 'wheel': return { do: kind, ...middle, wheel: -1 };
    default: return { do: 'move', ...middle };
  }
}

/** @param {number} value 0..32767 */
const percent = (value) => `${Math.round((value / 32767) * 100)} %`;

/** One line about a step. A text may be a password: only its length is said. @param {Step} step */
export function stepWords(step) {
  switch (step.do) {
    case 'chord': return chordTitle(step.keys);
    case 'press': return t('keys.step-press', { keys: chordTitle(step.keys) });
    case 'release': return t('keys.step-release', { keys: chordTitle(step.keys) });
    case 'text': return t('keys.step-text', { count: [...step.text].length });
    case 'pause': return t('keys.step-pause', { seconds: step.ms / 1000 });
    case 'move': return t('keys.step-move', { x: percent(step.x), y: percent(step.y) });
    case 'click': return t('keys.step-click', { button: t(`keys.button-${step.button ?? 'left'}`), x: percent(step.x), y: percent(step.y), count: step.times ?? 1 });
    case 'button': return t(step.down ? 'keys.step-down' : 'keys.step-up', { button: t(`keys.button-${step.button ?? 'left'}`), x: percent(step.x), y: percent(step.y) });
    default: return t('keys.step-wheel', { detents: step.wheel });
  }
}

/** A name for the gateway from a title for people. @param {string} title @param {string[]} taken */
export function macroName(title, taken) {
  const plain = title.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 36) || 'macro';
  const base = plain.replace(/-+$/, '');
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!taken.includes(name)) return name;
  }
}

// ---- recording ----

/** at: milliseconds. @typedef {{at: number, usage: number, down: boolean} | {at: number, buttons: number, x: number, y: number, wheel: number}} Seen */

/** Below that a pause is only how fingers are. */
const PAUSE_MS = 250;
/** A pointer on its way is kept so often. */
const MOVE_MS = 60;
const PAUSE_MAX = 600000;

/**
 * What was seen as steps. timed: with its pauses; else as quickly as the target takes it.
 * @param {Seen[]} seen @param {boolean} timed @returns {Step[]}
 */
export function recordedSteps(seen, timed) {
  const recorder = new Steps();
  for (const one of seen) recorder.take(one);
  const steps = tidy(recorder.steps);
  return (timed ? steps : chords(steps.filter((step) => step.do !== 'pause'))).slice(0, STEPS_MAX);
}

class Steps {
  /** @type {Step[]} */
  steps = [];
  #last = -1;
  #buttons = 0;
  #moved = -Infinity;
  /** A pointer that moves without a button is kept where it stays before a key only. @type {{x: number, y: number}|null} */
  #hover = null;

  /** @param {Seen} one */
  take(one) {
    if ('usage' in one) this.#key(one);
    else this.#pointer(one);
  }

  /** @param {number} at */
  #pause(at) {
    const ms = this.#last < 0 ? 0 : Math.round(at - this.#last);
    this.#last = at;
    if (ms >= PAUSE_MS) this.steps.push({ do: 'pause', ms: Math.min(ms, PAUSE_MAX) });
  }

  /** @param {{at: number, usage: number, down: boolean}} key */
  #key({ at, usage, down }) {
    const keys = nameOfUsage(usage);
    if (!keys) return;
    if (this.#hover) this.steps.push({ do: 'move', ...this.#hover });
    this.#hover = null;
    if (down) this.#pause(at);
    this.#last = at;
    this.steps.push({ do: down ? 'press' : 'release', keys });
  }

  /** @param {{at: number, buttons: number, x: number, y: number, wheel: number}} pointer */
  #pointer({ at, buttons, x, y, wheel }) {
    const changed = buttons ^ this.#buttons;
    if (!changed && !wheel) return this.#move(at, buttons, { x, y });
    this.#hover = null; // the click goes there itself
    if (buttons & changed || wheel) this.#pause(at);
    BUTTONS.forEach((button, i) => {
      if (changed & (1 << i)) this.steps.push({ do: 'button', x, y, button, down: Boolean(buttons & (1 << i)) });
    });
    if (wheel) this.steps.push({ do: 'wheel', x, y, wheel });
    this.#buttons = buttons;
    this.#moved = this.#last = at;
  }

  /** @param {number} at @param {number} buttons @param {{x: number, y: number}} place */
  #move(at, buttons, place) {
    if (!buttons) this.#hover = place;
    else if (at - this.#moved >= MOVE_MS) {
      this.#pause(at);
      this.steps.push({ do: 'move', ...place });
      this.#moved = at;
    }
  }
}

/** Presses with their releases become chords, button changes at one place clicks, clicks at one place double clicks. @param {Step[]} steps */
export function tidy(steps) {
  return doubled(clicks(chords(steps)));
}

/** @param {Step[]} steps @returns {Step[]} */
function chords(steps) {
  /** @type {Step[]} */
  const done = [];
  for (let i = 0; i < steps.length; ) {
    const found = chordAt(steps, i);
    if (found) {
      done.push({ do: 'chord', keys: found.keys.join('+') });
      i += found.length;
    } else done.push(steps[i++]);
  }
  return done;
}

/** Presses, then all of their releases, and nothing between. @param {Step[]} steps @param {number} from */
function chordAt(steps, from) {
  /** @type {string[]} */
  const keys = [];
  let i = from;
  for (; steps[i]?.do === 'press'; i++) keys.push(/** @type {{keys: string}} */ (steps[i]).keys);
  const down = new Set(keys);
  if (!keys.length || keys.length > 8 || down.size !== keys.length) return null;
  for (; steps[i]?.do === 'release' && down.delete(/** @type {{keys: string}} */ (steps[i]).keys); i++);
  return down.size ? null : { keys, length: i - from };
}

/** @param {Step[]} steps @returns {Step[]} */
function clicks(steps) {
  /** @type {Step[]} */
  const done = [];
  for (let i = 0; i < steps.length; i++) {
    const [one, next] = [steps[i], steps[i + 1]];
    const click = one.do === 'button' && one.down && next?.do === 'button' && !next.down && next.button === one.button && near(one, next);
    if (click) {
      done.push({ do: 'click', x: one.x, y: one.y, button: one.button });
      i++;
    } else done.push(one);
  }
  return done;
}

/** @param {Step[]} steps @returns {Step[]} */
function doubled(steps) {
  /** @type {Step[]} */
  const done = [];
  for (const step of steps) {
    const before = done.at(-1);
    const again = step.do === 'click' && before?.do === 'click' && before.button === step.button && near(before, step) && (before.times ?? 1) < 3;
    if (again) before.times = (before.times ?? 1) + 1;
    else done.push(step);
  }
  return done;
}

/** @param {{x: number, y: number}} one @param {{x: number, y: number}} other */
const near = (one, other) => Math.abs(one.x - other.x) < 200 && Math.abs(one.y - other.y) < 200;
