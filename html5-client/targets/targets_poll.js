/* Asks for all targets again and again while the page is visible. An answer that is the last one costs the gateway and
 * the line next to nothing (If-None-Match), and nobody is told. */

import { ApiError, asList, call, contentOf } from '../api.js';

/** @typedef {import('../api.js').Target} Target */

const PAUSE_MS = 2000;

export class TargetsPoll {
  #tag = '';
  #stopped = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #wake = () => void this.#load();

  /** @param {{told: (targets: Target[]) => void, failed: (error: unknown) => void}} calls failed: null is good again */
  constructor(calls) {
    this.calls = calls;
    document.addEventListener('visibilitychange', this.#wake);
    void this.#load();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#wake);
  }

  async #load() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#stopped) return;
    try {
      const response = await call('GET', '/targets', undefined, this.#tag ? { 'If-None-Match': this.#tag } : {});
      this.#tag = response.headers.get('ETag') ?? '';
      const { targets } = await contentOf(response);
      if (!this.#stopped) this.calls.told(asList(targets));
      this.calls.failed(null);
    } catch (error) {
      if (!this.#stopped) this.calls.failed(error instanceof ApiError && error.status === 304 ? null : error);
    }
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#load(), PAUSE_MS);
  }
}
