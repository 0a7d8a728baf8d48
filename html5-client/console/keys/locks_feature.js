/* Caps Lock and the like, where this computer and the target differ: says so, with a button that aligns the target. Only
 * who chose so has it aligned by itself, once for each difference. */

import { h, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { keyboardSystem } from '../../parts/system.js';
import { usageOf } from './keymap.js';
import { keySettings } from './key_settings.js';
import { LOCK_CODES, LockSync, SETTLE_MS } from './lock_sync.js';

/** @type {import('../console_context.js').Feature} */
export function plugLocks(context) {
  const { screen, state } = context;
  const sync = new LockSync(keyboardSystem());
  const words = h('span', {});
  const align = h('button', { type: 'button', class: 'button small', onclick: () => press() }, t('keys.align'));
  const offer = h('span', { class: 'lock-offer', role: 'status', hidden: true }, words, align);
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let later;
  let done = '';

  const press = () => {
    for (const lock of sync.differing(performance.now())) screen.input.keyboard.press([usageOf(LOCK_CODES[lock]) ?? 0]);
    sync.pressed(performance.now());
    offer.hidden = true;
    screen.focusPicture();
    again();
  };
  const show = () => {
    const { locks } = keySettings();
    const differing = state.admitted && locks !== 'never' ? sync.differing(performance.now()) : [];
    const told = differing.join(' ');
    if (locks === 'always' && told && told !== done) {
      done = told; // a target that does not follow is not pressed again and again
      return press();
    }
    if (!told) done = '';
    offer.hidden = !differing.length;
    if (differing.length) setText(words, differing.map((lock) => t(sync.isOnHere(lock) ? 'keys.lock-on-here' : 'keys.lock-on-there', { key: t(`keys.name.${LOCK_CODES[lock]}`) })).join(' '));
  };
  /** A lamp follows its key a little later. */
  function again() {
    clearTimeout(later);
    later = setTimeout(show, SETTLE_MS + 50);
  }
  screen.input.keyboard.seen = (event) => {
    sync.seen(event, performance.now());
    again();
  };
  context.on('leds', (leds) => {
    sync.told(leds);
    again();
  });
  context.on('connection', ({ state: connection }) => connection.state !== 'open' && sync.forget());
  context.onChange(() => !state.admitted && (offer.hidden = true));
  align.addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays on the picture
  context.addStripItem(offer);
  context.signal.addEventListener('abort', () => clearTimeout(later));
}
