/* Who types sees where keys go and how to get them back: said when the capture begins, shown as long as it lasts, with
 * whether the browser hands out its own keys too. */

import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { keySettings } from './key_settings.js';
import { keyName } from './key_legends.js';
import { LEAVE_CHORD } from './keyboard_input.js';

const STAY_MS = 5000;

/** The ways out, as chosen. */
export function leaveWords() {
  const { leave } = keySettings();
  if (leave === 'none') return LEAVE_CHORD;
  return t('keys.or', { one: LEAVE_CHORD, other: leave === 'escape3' ? t('keys.escape-thrice') : keyName(leave) });
}

/** The browser hands out its own keys: in fullscreen, where it knows how to. The standard's way tells nobody. */
const hasLock = () => 'keyboard' in navigator && 'lock' in /** @type {any} */ (navigator).keyboard;

/** @type {import('./console_context.js').Feature} */
export function plugCapture(context) {
  const { state, screen } = context;
  const lock = h('span', { class: 'capture-lock' });
  const banner = h('div', { class: 'capture-banner', role: 'status', hidden: true });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let hide;
  let was = false;
  let told = 0;

  const showLock = () => {
    const full = document.fullscreenElement !== null;
    const words = !state.captured ? '' : !full ? t('keys.lock-off') : hasLock() ? t('keys.lock-on') : t('keys.lock-unknown');
    setText(lock, words);
    lock.title = state.captured ? t(full ? 'keys.lock-title-on' : 'keys.lock-title-off', { leave: leaveWords() }) : '';
    lock.dataset.on = String(full && hasLock());
  };
  const say = () => {
    clearTimeout(hide);
    // On phones there is nothing to press: the buttons are in reach all the time.
    if (!state.captured || !matchMedia('(any-pointer: fine)').matches) return void (banner.hidden = true);
    banner.hidden = false;
    setText(banner, t('keys.captured', { leave: leaveWords() }));
    hide = setTimeout(() => (banner.hidden = true), STAY_MS);
  };
  const show = () => {
    showLock();
    if (state.captured === was) return;
    was = state.captured;
    screen.surface.setAttribute('aria-label', t('console.screen-of', { target: context.target, chord: leaveWords() }));
    if (!was) say();
    else if (told++ < 3) say(); // whoever has seen it thrice knows
  };
  document.addEventListener('fullscreenchange', () => (showLock(), say()), { signal: context.signal });
  context.addOverlay(banner);
  context.addStripItem(lock);
  context.onChange(show);
  context.signal.addEventListener('abort', () => clearTimeout(hide));
}
