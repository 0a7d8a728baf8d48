/* Fingers over the stage: gestures become clicks, wheel and movements of the target's pointer, or move the view. */

import { h } from '../../parts/dom.js';
import { keySettings } from '../keys/key_settings.js';
import { accelerated, WheelCounter } from '../pointer/pointer_math.js';
import { TouchGestures } from './touch_gestures.js';

/** @typedef {import('./touch_gestures.js').Action} Action */
/** @typedef {import('./touch_gestures.js').TouchMode} TouchMode */
/** @typedef {{x: number, y: number}} Point */

/** Fingers scroll half as far as a wheel is turned: a detent is much on a small screen. */
const WHEEL_GAIN = 2;
/** So far from the edges the view keeps the pointer. */
const MARGIN = 48;

export class TouchInput {
  #gestures = new TouchGestures((action) => this.#act(action));
  #wheel = new WheelCounter();
  #speed = 1;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #ring = h('div', { class: 'touch-ring', 'aria-hidden': 'true', hidden: true });

  /**
   * @param {HTMLElement} stage takes the fingers, beside the picture too
   * @param {import('../pointer/target_pointer.js').TargetPointer} pointer
   * @param {import('../screen/screen_view.js').ScreenView} view
   * @param {{mode: () => TouchMode, touched: (event: PointerEvent) => void, tapped: () => void, moved: () => void,
   *   marked: (state: 'none'|'drag'|'locked') => void}} calls touched: a finger came down; tapped: where nothing goes to the
   *   target; moved: the target's pointer did
   */
  constructor(stage, pointer, view, calls) {
    this.stage = stage;
    this.pointer = pointer;
    this.view = view;
    this.calls = calls;
    stage.addEventListener('pointerdown', (event) => this.#down(event));
    stage.addEventListener('pointermove', (event) => this.#moved(event));
    stage.addEventListener('pointerup', (event) => this.#up(event));
    stage.addEventListener('pointercancel', (event) => event.pointerType === 'touch' && this.#gestures.reset());
    stage.addEventListener('lostpointercapture', (event) => this.#lost(event));
    // Against the magnifier, the callout and the zoom of the whole page, which pointer events cannot prevent everywhere.
    for (const name of /** @type {const} */ (['touchstart', 'touchmove']))
      stage.addEventListener(name, (event) => isStage(event.target) && event.cancelable && event.preventDefault(), { passive: false });
    stage.addEventListener('gesturestart', (event) => event.preventDefault());
  }

  get any() {
    return this.#gestures.pressed;
  }

  /** Ends what goes on, with a word to the target. */
  release() {
    this.#gestures.reset();
    this.#schedule();
  }

  /** The target was told to release all. */
  forget() {
    this.#gestures.forget();
    this.#schedule();
  }

  stop() {
    this.release();
    clearTimeout(this.#timer);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType !== 'touch' || !isStage(event.target)) return;
    event.preventDefault(); // no mouse events that repeat it, and no focus that moves by itself
    if (event.isPrimary) {
      const { scroll, speed } = keySettings();
      this.#wheel = Object.assign(new WheelCounter(), { speed: scroll }); // what was left of the last turn is not of this one
      this.#speed = speed;
    }
    this.calls.touched(event);
    this.#gestures.setMode(this.calls.mode());
    this.#gestures.down(event.pointerId, pointOf(event), event.timeStamp, event.isPrimary);
    this.#schedule();
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    if (event.pointerType !== 'touch') return;
    this.#gestures.move(event.pointerId, pointOf(event), event.timeStamp);
    this.#schedule();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerType !== 'touch') return;
    this.#gestures.up(event.pointerId, event.timeStamp);
    this.#schedule();
  }

  /** After a pointerup it knows of the finger no more; without one it was taken away. @param {PointerEvent} event */
  #lost(event) {
    if (event.pointerType !== 'touch' || !this.#gestures.has(event.pointerId)) return;
    this.#gestures.reset();
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    const { deadline } = this.#gestures;
    if (deadline === null) return;
    this.#timer = setTimeout(() => {
      this.#gestures.tick(performance.now());
      this.#schedule();
    }, Math.max(0, deadline - performance.now()));
  }

  get #trackpad() {
    return this.#gestures.mode === 'trackpad';
  }

  /** @param {Action} action */
  #act(action) {
    switch (action.type) {
      case 'press':
        return this.#press(action.button, action.at);
      case 'release':
        return this.pointer.release();
      case 'slide':
      case 'drag':
        return this.#slide(action);
      case 'scroll':
        return this.#scroll(action);
      case 'view':
        return this.#moveView(action);
      case 'view-end':
        return this.view.snap();
      case 'tap':
        return action.count === 2 ? this.view.toggle(action.at) : this.calls.tapped();
      case 'hold':
        return this.#hold(action);
      case 'mark':
        return this.calls.marked(action.state);
    }
  }

  /** @param {number} button @param {Point} at */
  #press(button, at) {
    if (this.#trackpad) this.pointer.press(button);
    else {
      this.pointer.moveTo(this.view.targetAt(at)); // there first: some systems take a press where the pointer was
      this.pointer.press(button);
    }
    this.calls.moved();
  }

  /** @param {Extract<Action, {type: 'slide'|'drag'}>} action */
  #slide({ type, at, dx, dy, span }) {
    if (this.#gestures.mode === 'look' || (type === 'slide' && !this.#trackpad && this.view.overflows)) return this.view.panBy({ x: dx, y: dy });
    if (this.#trackpad) this.pointer.moveBy(this.view.targetMove(accelerated(dx, dy, span, this.#speed)));
    else this.pointer.moveTo(this.view.targetAt(at));
    if (this.#trackpad || type === 'drag') this.view.reveal(this.pointer.at, MARGIN);
    this.calls.moved();
  }

  /** @param {Extract<Action, {type: 'scroll'}>} action */
  #scroll({ at, dx, dy }) {
    const { x, y } = this.view.turned({ x: dx, y: dy });
    const turned = this.#wheel.take({ deltaX: -x * WHEEL_GAIN, deltaY: -y * WHEEL_GAIN, deltaMode: 0 });
    this.pointer.scroll(turned, this.#trackpad ? undefined : this.view.targetAt(at));
  }

  /** @param {Extract<Action, {type: 'view'}>} action */
  #moveView({ at, dx, dy, factor }) {
    this.view.panBy({ x: dx, y: dy });
    if (factor === 1) return;
    this.view.zoomBy(factor, at);
    if (this.#trackpad) this.view.reveal(this.pointer.at, MARGIN);
  }

  /** @param {Extract<Action, {type: 'hold'}>} action */
  #hold({ at, state }) {
    const box = this.stage.getBoundingClientRect();
    if (!this.#ring.isConnected) this.stage.append(this.#ring);
    this.#ring.hidden = state === 'ends';
    this.#ring.dataset.state = state;
    this.#ring.style.left = `${at.x - box.left}px`;
    this.#ring.style.top = `${at.y - box.top}px`;
    if (state === 'held') navigator.vibrate?.(12);
  }
}

/** @param {PointerEvent} event @returns {Point} */
const pointOf = ({ clientX, clientY }) => ({ x: clientX, y: clientY });

/** Not what stands over the picture to be pressed. @param {EventTarget|null} target */
const isStage = (target) => !(target instanceof Element && target.closest('button, a, input, textarea, select, .cover-card'));
