/* How large the picture is and how it is turned: menu, shortcuts outside the capture, the zoom badge, and full screen. */

import { t } from '../../parts/messages.js';
import { toggleFullscreen } from './fullscreen.js';
import { ZoomBadge } from './zoom_badge.js';

/** @typedef {import('./picture_size.js').SizeMode} SizeMode */

/** @type {SizeMode[]} */
const MODES = ['fit', 'fill', 'own'];

/** @param {import('./screen_view.js').ScreenView} view @returns {import('../../parts/menu.js').MenuEntry[]} */
const entries = (view) => [
  ...MODES.map((mode) => ({ label: t(`console.size-${mode}`), chosen: view.mode === mode, run: () => view.setMode(mode) })),
  'line',
  { label: t('console.zoom-in'), run: () => view.step(1) },
  { label: t('console.zoom-out'), run: () => view.step(-1) },
  'line',
  { label: t('console.turn-right'), run: () => view.rotate(90) },
  { label: t('console.turn-left'), run: () => view.rotate(-90) },
];

/** Keys that mean the view where none goes to the target. @type {Record<string, (view: import('./screen_view.js').ScreenView) => void>} */
const SHORTCUTS = {
  '+': (view) => view.step(1),
  '=': (view) => view.step(1),
  '-': (view) => view.step(-1),
  0: (view) => view.setMode('fit'),
  1: (view) => view.setMode('own'),
  r: (view) => view.rotate(90),
  R: (view) => view.rotate(-90),
};

/** Only where the console itself has the focus: elsewhere letters are for fields and menus. @param {EventTarget|null} target */
const isConsole = (target) => target instanceof Element && target.matches('.surface, .stage *, .toolbar *') && !target.closest('input, textarea, select, [role="menu"], dialog');

/** @type {import('../console_context.js').Feature} */
export function plugSize(context) {
  const { screen, root, signal } = context;
  const { view } = screen;
  const full = async () => {
    try {
      await toggleFullscreen(root);
      screen.focusPicture();
    } catch {
      context.notice(t('console.no-full-screen'), 'danger');
    }
  };
  context.addTool({ name: 'size', order: 60, keep: 60, glyph: 'fit', label: t('console.size'), entries: () => entries(view) });
  context.addTool({ name: 'full-screen', order: 70, keep: 20, glyph: 'expand', label: t('console.full-screen'), run: () => void full() });
  context.addOverlay(new ZoomBadge(view).element);
  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || !isConsole(event.target)) return;
    if (context.state.captured || !Object.hasOwn(SHORTCUTS, event.key)) return;
    event.preventDefault();
    SHORTCUTS[event.key](view);
  });
  window.addEventListener('hashchange', () => document.fullscreenElement && document.exitFullscreen(), { signal });
}
