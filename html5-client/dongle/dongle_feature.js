/* USB and video of a dongle in its console: the dialog, and what the automatic choice offers. */

import { DongleDialog } from './dongle_dialog.js';
import { t } from '../parts/messages.js';
import { UsbOffer } from './usb_offer.js';

/** @type {import('../console/console_context.js').Feature} */
export function plugDongle(context) {
  const { state, target } = context;
  /** @type {DongleDialog|null} */
  let dialog = null;
  const offer = new UsbOffer(target, () => {
    dialog?.refresh();
    context.refresh();
  });
  /** @param {'usb'|'video'} first */
  const open = (first) => {
    dialog = new DongleDialog(target, state.info, first, () => (dialog = null));
    dialog.open();
  };
  context.provide('usb-video', open);
  context.addMenu('tools', () => (state.info?.usb || state.info?.capture ? [{ label: t('dongle.menu'), run: () => open('usb') }] : []));
  context.on('changed', () => dialog?.refresh());
  context.onChange(() => state.info && offer.show(state.info.usb ?? null));
  context.signal.addEventListener('abort', () => offer.remove());
}
