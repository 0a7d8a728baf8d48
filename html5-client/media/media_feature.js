/* Virtual media in a console: the dialog, what is dropped on the console, and files that a drive waits for. */

import { identity } from '../app/identity.js';
import { attachDrop } from '../parts/drop_zone.js';
import { loadPart } from '../parts/load_part.js';
import { t } from '../parts/messages.js';
import { RepickOffer } from './repick.js';

/** @typedef {import('./dropped_files.js').Dropped} Dropped */

/** Fifteen modules, 19 KB, that the first picture does not wait for. */
const mediaDialog = () => import('./media_dialog.js');
const MEDIA_AFTER_MS = 1500;

/** @type {import('../console/console_context.js').Feature} */
export function plugMedia(context) {
  const { target, signal, state } = context;
  /** @type {import('./media_dialog.js').MediaDialog|null} */
  let media = null;
  const repick = new RepickOffer(target);
  let offered = state.info;

  /** @param {Dropped} [dropped] */
  async function open(dropped) {
    const part = await loadPart(mediaDialog);
    if (!part || signal.aborted) return;
    const dialog = media ?? new part.MediaDialog(target, () => (media = null));
    if (!media) dialog.open();
    media = dialog;
    if (dropped) dialog.take(dropped);
  }

  attachDrop(context.root, () => context.can('media') || identity.can('library'), (dropped) => void open(dropped));
  context.addTool({ name: 'media', order: 40, keep: 85, glyph: 'disc', label: t('media.media'), run: () => void open() });
  context.on('changed', ({ drives }) => drives && media?.refresh());
  context.onChange(() => {
    if (state.info === offered || !state.info) return;
    offered = state.info;
    repick.show(state.info.drives);
  });
  signal.addEventListener('abort', () => repick.remove());
  setTimeout(() => mediaDialog().catch(() => {}), MEDIA_AFTER_MS); // there when the network is not
}
