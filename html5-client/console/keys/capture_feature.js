/* Who types sees where keys go and how to get them back: said when the capture begins, shown as long as it lasts, with
 * whether the browser hands out its own keys too. */

import { h, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { keySettings } from './key_settings.js';
import { keyName } from './key_legends.js';
import { chordTitle } from './key_names.js';
import { LEAVE_CHORD } from './keyboard_input.js';

const STAY_MS = 5000;

/** The ways out, as chosen. */
function leaveWords() {
  const { leave } = keySettings();
  const chord = chordTitle(LEAVE_CHORD);
  if (leave === 'none') return chord;
  return t('keys.or', { one: chord, other: leave === 'escape3' ? t('keys.escape-thrice') : keyName(leave) });
}

/** Whether the browser hands out its own keys in this fullscreen; null: it does not tell (the standard's way). @returns {Promise<boolean|null>} */
async function isLocked() {
  const { keyboard } = /** @type {{keyboard?: {lock?: () => Promise<void>}}} */ (/** @type {unknown} */ (navigator));
  if (!keyboard?.lock) return null;
  try {
    await keyboard.lock(); // once more does no harm, and answers
    return true;
  } catch {
    return false;
  }
}

/** @type {import('../console_context.js').Feature} */
export function plugCapture(context) {
  const { state, screen } = context;
  const lock = h('span', { class: 'capture-lock' });
  const banner = h('div', { class: 'capture-banner', role: 'status', hidden: true });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let hide;
  let was = false;
  let told = 0;
  /** @type {boolean|null} */
  let locked = false;

  const showLock = () => {
    const words = !state.captured ? '' : locked ? t('keys.lock-on') : locked === null ? t('keys.lock-unknown') : t('keys.lock-off');
    setText(lock, words);
    lock.title = state.captured ? t(locked ? 'keys.lock-title-on' : 'keys.lock-title-off', { leave: leaveWords() }) : '';
    lock.dataset.on = String(locked === true);
  };
  const fullChanged = async () => {
    locked = document.fullscreenElement !== null && (await isLocked());
    if (!document.fullscreenElement) locked = false; // left meanwhile
    showLock();
    say();
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
  document.addEventListener('fullscreenchange', () => void fullChanged(), { signal: context.signal });
  context.addOverlay(banner);
  context.addStripItem(lock);
  context.onChange(show);
  context.signal.addEventListener('abort', () => clearTimeout(hide));
}
