/* The panel of figures, opened from the status strip; the gateway tells its own only while it is open. */

import { kept } from '../../parts/kept.js';
import { FiguresPanel } from './figures_panel.js';

const PINNED = 'figures-pinned';

/** @type {import('../console_context.js').Feature} */
export function plugFigures(context) {
  const { strip } = context;
  /** For all consoles of this browser. @param {boolean} pinned */
  const keep = (pinned) => kept.keep(PINNED, pinned ? 'yes' : null);
  const panel = new FiguresPanel({ close: () => show(false), tint: (on) => context.send({ type: 'tint', on }), pin: keep });

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
    if (panel.open || !kept.read(PINNED)) return;
    show(true);
    panel.setPinned(true);
  });
}
