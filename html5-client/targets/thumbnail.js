/* A small live picture of a target: asked for again and again, but only while there is one and somebody can see it. */

import { api, ApiError } from '../api.js';
import { t } from '../parts/messages.js';

/** Between an answer and the next request; with the request itself the picture stays below 2 s of age. */
const PAUSE_MS = 1400;
const WIDTH = 320;

export class Thumbnail {
  #inView = false;
  #stopped = false;
  #running = false;
  #signal = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #url = '';

  /**
   * @param {string} target
   * @param {HTMLImageElement} image
   * @param {(reason: string|null) => void} told null: there is a picture; else why not
   */
  constructor(target, image, told) {
    this.target = target;
    this.image = image;
    this.told = told;
    this.observer = new IntersectionObserver((entries) => {
      this.#inView = entries[entries.length - 1].isIntersecting;
      this.#next(0);
    });
    this.observer.observe(image.parentElement ?? image);
    this.wake = () => this.#next(0);
    document.addEventListener('visibilitychange', this.wake);
  }

  /** @param {boolean} signal whether the target has a picture now */
  setSignal(signal) {
    if (signal === this.#signal) return;
    this.#signal = signal;
    if (!signal) this.#show(null);
    this.#next(0);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.observer.disconnect();
    document.removeEventListener('visibilitychange', this.wake);
    this.#show(null);
  }

  get #wanted() {
    return !this.#stopped && this.#signal && this.#inView && !document.hidden;
  }

  /** @param {number} pause */
  #next(pause) {
    clearTimeout(this.#timer);
    if (this.#wanted && !this.#running)
      this.#timer = setTimeout(() => this.#load(), pause);
  }

  async #load() {
    this.#running = true;
    try {
      const picture = await api.screenshot(this.target, `width=${WIDTH}&format=jpeg`);
      if (this.#wanted) this.#show(picture);
      this.told(null);
    } catch (error) {
      // Many tabs may ask at once: the picture before is better than none.
      if (error instanceof ApiError && error.status === 503 && this.#url) return this.#again();
      this.#show(null);
      this.told(error instanceof ApiError ? error.message : t('targets.no-picture'));
    }
    this.#again();
  }

  #again() {
    this.#running = false;
    this.#next(PAUSE_MS);
  }

  /** @param {Blob|null} picture */
  #show(picture) {
    const old = this.#url;
    this.#url = picture ? URL.createObjectURL(picture) : '';
    this.image.hidden = !picture;
    if (picture) this.image.src = this.#url;
    else this.image.removeAttribute('src');
    if (old) URL.revokeObjectURL(old);
  }
}
