/* Tells the holder of the seat who asks for it, and takes the answer. One notice for each request, gone when it is. */

import { t } from '../../parts/messages.js';
import { notice } from '../../parts/notices.js';

/** @typedef {import('../session/protocol.js').Asker} Asker */

export class SeatRequests {
  /** @type {Map<number, () => void>} number of the request -> takes its notice away */
  #shown = new Map();

  /** @param {(grant: boolean, request: number) => void} answer */
  constructor(answer) {
    this.answer = answer;
  }

  /** @param {Asker[]} askers none: this page does not hold the seat */
  show(askers) {
    for (const [number, remove] of this.#shown)
      if (!askers.some((asker) => asker.number === number)) {
        remove();
        this.#shown.delete(number);
      }
    for (const { number, name } of askers)
      if (!this.#shown.has(number))
        this.#shown.set(
          number,
          notice(t('picture.seat-asking', { name: name || t('picture.somebody') }), '', [
            { label: t('picture.seat-give'), run: () => this.answer(true, number) },
            { label: t('picture.seat-refuse'), run: () => this.answer(false, number) },
          ]),
        );
  }
}
