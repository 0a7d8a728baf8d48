/* Keyboard, mouse and fingers of one picture together: who may type, the heartbeat while something is held, and the release
 * of everything whenever the page stops being sure that it would see the release. */

import { KeyboardInput } from '../keys/keyboard_input.js';
import { PointerInput } from '../pointer/pointer_input.js';
import { RimPan } from '../pointer/rim_pan.js';
import { TargetPointer } from '../pointer/target_pointer.js';
import { TouchInput } from '../touch/touch_input.js';

/** @typedef {import('../session/console_session.js').Command} Command */
/** Who else types on the target: keys may wait there while none is down. @typedef {{any: () => boolean, forget: () => void}} Holder */

const BEAT_MS = 500;
/** So far from the edges the view keeps a relative pointer. */
const MARGIN = 48;

export class ScreenInput {
  /** The seat admits this page. */
  enabled = false;
  /** The target takes absolute positions, and the user did not choose otherwise. */
  absolute = true;
  /** What fingers do, where the target takes absolute positions; else they are on a trackpad. @type {'direct'|'trackpad'} */
  touchMode = 'direct';
  /** Set by who shows it: the target's pointer moved by a finger, a drag goes on. */
  touchMoved = () => {};
  touchMarked = (/** @type {'none'|'drag'|'locked'} */ _state) => {};
  #abort = new AbortController();
  /** @type {Holder[]} */
  #holders = [];
  /** @type {ReturnType<typeof setInterval>} */
  #beat;

  /**
   * @param {HTMLElement} surface the picture's box
   * @param {HTMLElement} stage what is around it too
   * @param {import('./screen_view.js').ScreenView} view
   * @param {{send: (command: Command) => void, leave: () => void, pressed: () => void}} calls
   */
  constructor(surface, stage, view, calls) {
    this.surface = surface;
    this.stage = stage;
    this.view = view;
    this.calls = calls;
    const active = () => this.enabled;
    const absolute = () => this.absolute;
    this.pointer = new TargetPointer({ send: calls.send, absolute, picture: () => view.picture });
    this.keyboard = new KeyboardInput(surface, {
      active,
      send: (usage, down) => calls.send({ type: 'key', usage, down }),
      leave: () => this.leave(),
    });
    this.rim = new RimPan(stage, view, (at) => this.enabled && this.absolute && this.pointer.moveTo(view.targetAt(at)));
    this.mouse = new PointerInput(surface, this.pointer, {
      active,
      absolute,
      at: ({ clientX, clientY }) => view.targetAt({ x: clientX, y: clientY }),
      turned: (by) => view.turned(by),
      pressed: (event) => this.#pressed(event),
      hovered: (event) => this.#hovered(event),
      zoomed: (event) => this.#zoomed(event),
    });
    this.touch = new TouchInput(stage, this.pointer, view, {
      mode: () => this.fingers,
      touched: (event) => this.#touched(event),
      tapped: () => this.calls.pressed(),
      moved: () => this.touchMoved(),
      marked: (state) => this.touchMarked(state),
    });
    this.#watch();
    // From the page and not from the worker: if the page hangs, nobody would see the key go up.
    this.#beat = setInterval(() => this.any && calls.send({ type: 'beat' }), BEAT_MS);
  }

  /** What fingers do now. @returns {import('../touch/touch_gestures.js').TouchMode} */
  get fingers() {
    if (!this.enabled) return 'look';
    return this.absolute ? this.touchMode : 'trackpad';
  }

  get any() {
    return this.keyboard.any || this.pointer.buttons !== 0 || this.#holders.some((holder) => holder.any());
  }

  /** It forgets its keys when all are released. @param {Holder} holder */
  addHolder(holder) {
    this.#holders.push(holder);
  }

  /** @param {boolean} enabled */
  setEnabled(enabled) {
    if (this.enabled && !enabled) this.releaseAll();
    this.enabled = enabled;
  }

  /** @param {boolean} absolute */
  setAbsolute(absolute) {
    if (this.absolute === absolute) return;
    this.releaseAll();
    this.absolute = absolute;
    if (absolute && this.mouse.locked) document.exitPointerLock();
    this.touchMoved();
  }

  /** @param {'direct'|'trackpad'} mode */
  setTouchMode(mode) {
    this.touch.release();
    this.touchMode = mode;
    this.touchMoved();
  }

  /** The connection is gone: the gateway has released all, or will. */
  forget() {
    this.keyboard.clear();
    this.pointer.forget();
    this.touch.forget();
    for (const holder of this.#holders) holder.forget();
  }

  releaseAll() {
    this.touch.release();
    if (!this.any) return;
    this.forget();
    this.calls.send({ type: 'release-all' });
  }

  leave() {
    this.releaseAll();
    if (this.mouse.locked) document.exitPointerLock();
    this.calls.leave();
  }

  stop() {
    this.releaseAll();
    this.rim.stop();
    this.touch.stop();
    this.#abort.abort();
    clearInterval(this.#beat);
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    this.surface.focus({ preventScroll: true });
    this.calls.pressed();
    this.keyboard.trustModifiers(event);
  }

  /** A finger leaves the focus with a soft keyboard, which would close otherwise. @param {PointerEvent} event */
  #touched(event) {
    if (!this.enabled) return;
    if (!this.stage.contains(document.activeElement)) this.surface.focus({ preventScroll: true });
    this.keyboard.trustModifiers(event);
  }

  /** @param {PointerEvent} event */
  #hovered(event) {
    if (this.absolute) this.rim.hover({ x: event.clientX, y: event.clientY });
    else this.view.reveal(this.pointer.at, MARGIN);
  }

  /**
   * Ctrl and the wheel zoom the view where they do not go to the target. Fingers apart on a laptop's trackpad come as
   * the same, with no Control key down: they are the view's always.
   * @param {WheelEvent} event
   */
  #zoomed(event) {
    const at = { x: event.clientX, y: event.clientY };
    if (event.ctrlKey && (!this.enabled || !this.keyboard.any)) {
      if (event.deltaMode !== 0 || Math.abs(event.deltaY) >= 50) this.view.step(event.deltaY < 0 ? 1 : -1, at);
      else this.view.zoomBy(Math.exp(-event.deltaY / 100), at);
      return true;
    }
    if (this.enabled || !this.view.overflows) return false;
    this.view.panBy({ x: -event.deltaX, y: -event.deltaY });
    return true;
  }

  /** Ctrl+W, meant for the target's shell, closes the tab: asked first. Who closes it by hand holds no such key. @param {BeforeUnloadEvent} event */
  #leaving(event) {
    if (!this.keyboard.commands) return;
    event.preventDefault();
    this.releaseAll();
  }

  #watch() {
    const { signal } = this.#abort;
    const release = () => this.releaseAll();
    this.surface.addEventListener('blur', release, { signal });
    window.addEventListener('blur', release, { signal });
    window.addEventListener('pagehide', release, { signal });
    window.addEventListener('beforeunload', (event) => this.#leaving(event), { signal });
    document.addEventListener('visibilitychange', release, { signal });
    document.addEventListener('fullscreenchange', release, { signal });
    document.addEventListener('pointerlockchange', release, { signal });
  }
}
