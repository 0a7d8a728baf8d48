/* The panel of figures, opened from the status strip; the gateway tells its own only while it is open. */

import { FiguresPanel } from './figures_panel.js';

/** @type {import('./console_context.js').Feature} */
export function plugFigures(context) {
  const { strip } = context;
  const panel = new FiguresPanel({ close: () => show(false), tint: (on) => context.send({ type: 'tint', on }) });

  /** @param {boolean} open */
  function show(open) {
    const focus = panel.show(open);
    strip.figuresOpen(open, focus);
    context.send({ type: 'watch', on: open });
  }
  context.addOverlay(panel.element);
  strip.figuresPressed = () => show(!panel.open);
  context.on('figures', ({ figures }) => strip.figures(figures));
  context.on('stages', ({ stages }) => panel.update(stages));
  context.on('leds', (leds) => strip.leds(leds));
  context.on('connection', ({ state }) => state.state !== 'open' && strip.figures(null));
}
