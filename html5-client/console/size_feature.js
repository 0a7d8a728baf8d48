/* How large the picture is: its menu, and full screen. */

import { t } from '../parts/messages.js';
import { toggleFullscreen } from './fullscreen.js';

/** @typedef {import('./picture_size.js').SizeMode} SizeMode */

/** @type {import('./console_context.js').Feature} */
export function plugSize(context) {
  const { screen, root, signal } = context;
  const sizes = () => /** @type {SizeMode[]} */ (['fit', 'fill', 'own']).map((mode) => ({
    label: t(`console.size-${mode}`), checked: screen.mode === mode, run: () => screen.setMode(mode),
  }));
  const full = async () => {
    try {
      await toggleFullscreen(root);
      screen.focusPicture();
    } catch {
      context.notice(t('console.no-full-screen'), 'danger');
    }
  };
  context.addTool({ name: 'size', order: 60, keep: 60, glyph: 'fit', label: t('console.size'), entries: sizes });
  context.addTool({ name: 'full-screen', order: 70, keep: 20, glyph: 'expand', label: t('console.full-screen'), run: () => void full() });
  window.addEventListener('hashchange', () => document.fullscreenElement && document.exitFullscreen(), { signal });
}
