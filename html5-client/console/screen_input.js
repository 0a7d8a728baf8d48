/* Keyboard and pointer of one picture together: who may type, the heartbeat while something is held, and the release of
 * everything whenever the page stops being sure that it would see the release. */

import { KeyboardInput } from './keyboard_input.js';
import { PointerInput } from './pointer_input.js';

/** @typedef {import('./console_session.js').Command} Command */

const BEAT_MS = 500;

export class ScreenInput {
  /** The seat admits this page. */
  enabled = false;
  /** The target takes absolute positions, and the user did not choose otherwise. */
  absolute = true;
  #abort = new AbortController();
  /** @type {ReturnType<typeof setInterval>} */
  #beat;

  /**
   * @param {HTMLElement} surface
   * @param {{box: () => DOMRect, send: (command: Command) => void, leave: () => void, pressed: () => void}} calls
   */
  constructor(surface, calls) {
    this.surface = surface;
    this.calls = calls;
    const active = () => this.enabled;
    this.keyboard = new KeyboardInput(surface, {
      active,
      send: (usage, down) => calls.send({ type: 'key', usage, down }),
      leave: () => this.leave(),
    });
    this.pointer = new PointerInput(surface, {
      active,
      absolute: () => this.absolute,
      box: calls.box,
      send: calls.send,
      pressed: (event) => this.#pressed(event),
    });
    this.#watch();
    // From the page and not from the worker: if the page hangs, nobody would see the key go up.
    this.#beat = setInterval(() => this.any && calls.send({ type: 'beat' }), BEAT_MS);
  }

  get any() {
    return this.keyboard.any || this.pointer.any;
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
    if (absolute && this.pointer.locked) document.exitPointerLock();
  }

  /** The connection is gone: the gateway has released all, or will. */
  forget() {
    this.keyboard.clear();
    this.pointer.clear();
  }

  releaseAll() {
    if (!this.any) return;
    this.forget();
    this.calls.send({ type: 'release-all' });
  }

  leave() {
    this.releaseAll();
    if (this.pointer.locked) document.exitPointerLock();
    this.calls.leave();
  }

  stop() {
    this.releaseAll();
    this.#abort.abort();
    clearInterval(this.#beat);
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    this.surface.focus({ preventScroll: true });
    this.calls.pressed();
    this.keyboard.trustModifiers(event);
  }

  #watch() {
    const { signal } = this.#abort;
    const release = () => this.releaseAll();
    this.surface.addEventListener('blur', release, { signal });
    window.addEventListener('blur', release, { signal });
    window.addEventListener('pagehide', release, { signal });
    document.addEventListener('visibilitychange', release, { signal });
    document.addEventListener('fullscreenchange', release, { signal });
    document.addEventListener('pointerlockchange', release, { signal });
  }
}
