/* Fingers: what they do (direct or as on a trackpad), where the pointer is, and the drag that goes on after they left. */

import { h, setText } from '../../parts/dom.js';
import { kept } from '../../parts/kept.js';
import { loadPart } from '../../parts/load_part.js';
import { t } from '../../parts/messages.js';
import { PointerMark } from '../pointer/pointer_mark.js';

const KEPT = 'touch';

/** Fingers can reach this screen, whatever else there is. */
export const hasTouch = () => navigator.maxTouchPoints > 0 || matchMedia('(any-pointer: coarse)').matches;

/** @type {import('../console_context.js').Feature} */
export function plugTouch(context) {
  const { screen, signal } = context;
  const { input, view } = screen;
  const mark = new PointerMark(screen.surface);
  const words = h('span', { role: 'status' });
  const drop = h('button', { class: 'button small', type: 'button', onclick: () => input.touch.release() }, t('touch.drop'));
  const badge = h('div', { class: 'drag-badge', hidden: true }, words, drop);
  let byFinger = false;

  const showMark = () => mark.show(byFinger && input.enabled && input.absolute && input.fingers === 'trackpad', view, input.pointer.at);
  /** @param {'direct'|'trackpad'} mode */
  const choose = (mode) => {
    input.setTouchMode(mode);
    kept.keep(KEPT, mode);
    context.notice(t(mode === 'trackpad' ? 'touch.now-trackpad' : 'touch.now-direct'));
  };
  input.setTouchMode(kept.read(KEPT) === 'trackpad' ? 'trackpad' : 'direct');
  input.touchMoved = showMark;
  input.touchMarked = (state) => {
    badge.hidden = state === 'none';
    drop.hidden = state !== 'locked';
    setText(words, state === 'none' ? '' : t(state === 'locked' ? 'touch.drag-locked' : 'touch.dragging'));
  };
  drop.addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays where it is
  context.root.addEventListener('pointerdown', ({ pointerType }) => ((byFinger = pointerType === 'touch'), showMark()), { capture: true, signal });
  view.onChange(showMark);
  context.onChange(showMark);
  context.addPictureLayer(mark.element);
  context.addOverlay(badge);
  context.addMenu('seat', () => {
    if (!hasTouch()) return [];
    const trackpad = input.touchMode === 'trackpad' || !input.absolute;
    return [{ label: t('touch.trackpad'), checked: trackpad, disabled: !input.absolute, run: () => choose(trackpad ? 'direct' : 'trackpad') }];
  });
  const help = async () => (await loadPart(() => import('./touch_help.js')))?.openTouchHelp();
  context.addMenu('help', () => [{ label: t('touch.help'), run: () => void help() }]);
}
