/* What the automatic choice would do but must not, because something is in use: a notice with a button, once for each
 * offer. */

import { api, sentence } from '../api.js';
import { identity } from '../app/identity.js';
import { notice } from '../parts/notices.js';
import { personalityWords } from '../parts/words.js';
import { t } from '../parts/messages.js';
import { whyWords } from './usb_words.js';

/** @typedef {import('../api.js').UsbSummary} UsbSummary */

export class UsbOffer {
  #told = '';
  #remove = () => {};

  /** @param {string} target @param {() => void} changed */
  constructor(target, changed) {
    this.target = target;
    this.changed = changed;
  }

  /** @param {UsbSummary|null} usb */
  show(usb) {
    const offer = identity.can('media', this.target) ? usb?.offer : null;
    const told = offer ? `${offer.name} ${usb?.why}` : '';
    if (told === this.#told) return;
    this.#told = told;
    this.#remove();
    if (!offer) return;
    const { label } = personalityWords(offer);
    const why = (usb && whyWords(usb)) || t('dongle.not-all-used');
    this.#remove = notice(t('dongle.offer', { why, label }), '', [{ label: t('dongle.switch'), run: () => void this.#accept(label) }]);
  }

  remove() {
    this.#remove();
  }

  /** @param {string} label */
  async #accept(label) {
    try {
      await api.acceptOffer(this.target);
      notice(t('dongle.sees', { label }));
    } catch (error) {
      notice(sentence(error), 'danger');
    }
    this.changed();
  }
}
