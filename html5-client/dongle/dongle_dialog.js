/* USB and video of a dongle: what the target sees of us on USB, what its graphics are told, and what captures them. */

import { openDialog } from '../parts/dialog.js';
import { UsbPanel } from './usb_panel.js';
import { VideoPanel } from './video_panel.js';
import { t } from '../parts/messages.js';

const POLL_MS = 2000;

export class DongleDialog {
  /** @type {(UsbPanel|VideoPanel)[]} */
  #panels = [];
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;

  /**
   * @param {string} target
   * @param {import('../api.js').Target|null} info what there is of it
   * @param {'usb'|'video'} first what it is opened for
   * @param {() => void} closed
   */
  constructor(target, info, first, closed) {
    this.target = target;
    this.closed = closed;
    if (info?.usb) this.#panels.push(new UsbPanel(target));
    if (info?.capture) this.#panels.push(new VideoPanel(target));
    if (first === 'video') this.#panels.reverse();
  }

  open() {
    openDialog({
      title: t('dongle.title', { target: this.target }),
      body: this.#panels.map(({ element }) => element),
      onclose: () => {
        clearInterval(this.#timer);
        this.closed();
      },
    });
    this.#timer = setInterval(() => this.refresh(), POLL_MS);
    this.refresh();
  }

  refresh() {
    for (const panel of this.#panels) panel.refresh();
  }
}
