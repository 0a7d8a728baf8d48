/* The target's screen as a file, or on the clipboard; all of it, or a part that somebody chose. */

import { t } from '../../parts/messages.js';
import { download, shotName } from '../../parts/download.js';
import { gatewayNow } from '../../parts/gateway_clock.js';
import { kept } from '../../parts/kept.js';
import { copyBlob, pictureBlob } from './picture_copy.js';
import { addShortcut } from '../shortcuts.js';

/** @typedef {import('./region_math.js').Region} Region */

const STAMP = 'shot-time';

/** @type {import('../console_context.js').Feature} */
export function plugScreenshot(context) {
  let stamped = kept.read(STAMP) === 'yes';
  /** @param {Region|null} region */
  const make = (region) => pictureBlob(context.screen, region, { target: context.target, time: stamped ? new Date(gatewayNow()) : null });
  /** @param {Region|null} [region] */
  const save = async (region = null) => {
    try {
      download(await make(region), shotName(context.target, new Date(gatewayNow())));
    } catch {
      context.notice(t('picture.no-picture'), 'danger');
    }
  };
  /** @param {Region|null} [region] */
  const copy = async (region = null) => {
    try {
      await copyBlob(make(region));
      context.notice(t('picture.copied-picture'));
    } catch {
      context.notice(t('picture.not-copied'), 'danger', [{ label: t('picture.save-picture'), run: () => void save(region) }]);
    }
  };
  context.provide('save-picture', (region) => void save(region));
  context.provide('copy-picture', (region) => void copy(region));
  addShortcut(context, 'KeyS', () => void save());
  addShortcut(context, 'KeyP', () => void copy());
  context.addMenu('tools', () => {
    const disabled = !context.screen.hasPicture;
    return [
      { label: t('picture.save-screenshot'), disabled, run: () => void save() },
      { label: t('picture.copy-screenshot'), disabled, run: () => void copy() },
      { label: t('picture.time-in-picture'), checked: stamped, run: () => kept.keep(STAMP, (stamped = !stamped) ? 'yes' : null) },
    ];
  });
}
