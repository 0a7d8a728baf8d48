/* The panel of figures, opened from the status strip; the gateway tells its own only while it is open. */

import { FiguresPanel } from './figures_panel.js';

const PINNED = 'lightsout.figures-pinned';

/** @type {import('../console_context.js').Feature} */
export function plugFigures(context) {
  const { strip } = context;
  const panel = new FiguresPanel({ close: () => show(false), tint: (on) => context.send({ type: 'tint', on }), pin: keep });

  /** For all consoles of this browser. @param {boolean} pinned */
  function keep(pinned) {
    try {
      if (pinned) localStorage.setItem(PINNED, 'yes');
      else localStorage.removeItem(PINNED);
    } catch {
      // For this page only then.
    }
  }

  function wasPinned() {
    try {
      return localStorage.getItem(PINNED) === 'yes';
    } catch {
      return false;
    }
  }

  /** @param {boolean} open */
  function show(open) {
    const focus = panel.show(open);
    strip.figuresOpen(open, focus);
    context.send({ type: 'watch', on: open });
    if (!open) panel.setPinned(false);
  }
  context.addOverlay(panel.element);
  strip.figuresPressed = () => show(!panel.open);
  context.on('figures', ({ figures }) => {
    strip.figures(figures);
    panel.rate(figures.bits, performance.now());
  });
  context.on('stages', ({ stages, link }) => panel.open && panel.update(stages, link));
  context.on('mode', (mode) => panel.setMode(mode));
  context.on('no-picture', () => panel.setMode(null));
  context.on('leds', (leds) => strip.leds(leds));
  context.on('connection', ({ state }) => {
    if (state.state !== 'open') return strip.figures(null);
    if (panel.open || !wasPinned()) return;
    show(true);
    panel.setPinned(true);
  });
}
