/* Keys that browsers and systems keep for themselves, as buttons; the keyboard on the screen; the help about keys. */

import { loadPart } from '../../parts/load_part.js';
import { t } from '../../parts/messages.js';
import { ChordMemory } from './chord_memory.js';
import { CHORDS } from './chords.js';
import { chordTitle, parseChord } from './key_names.js';
import { layoutOf } from '../typing/layout_in_use.js';

const FIRST = 10;

/** @type {import('../console_context.js').Feature} */
export function plugKeys(context) {
  const { screen, state, target } = context;
  const memory = new ChordMemory(target);
  const enabled = () => state.admitted;
  /** @type {import('./keyboard_dock.js').KeyboardDock|null} */
  let dock = null;
  let leds = { caps: false, num: false, scroll: false };

  /** @param {string} text "ctrl+alt+delete" */
  const send = (text) => {
    const usages = parseChord(text);
    if (!usages) return;
    screen.input.keyboard.press(usages);
    memory.used(text);
    screen.focusPicture();
  };
  const layoutWords = () => {
    const { layout, own } = layoutOf(context);
    return layout === own ? t('keys.layout', { layout }) : t('keys.layout-other', { layout, own });
  };
  const chooseLayout = async () => (await loadPart(() => import('../typing/layout_field.js')))?.openLayoutDialog(context);
  const toggle = async () => {
    if (dock) {
      dock.remove();
      dock = null;
      return context.changed();
    }
    const part = await loadPart(() => import('./keyboard_dock.js'));
    if (!part) return;
    dock = new part.KeyboardDock(context, () => void toggle());
    context.addFootItem(dock.element);
    dock.setLeds(leds);
    context.changed();
  };
  const all = async () => (await loadPart(() => import('./chord_menu.js')))?.openChordMenu(target, memory, send);
  const help = async () => (await loadPart(() => import('../help_dialog.js')))?.openHelpDialog();

  /** What is used most here, then what everybody needs. */
  const entries = () => {
    const first = [...new Set([...memory.mostUsed(4), ...memory.own, ...CHORDS.filter(({ group }) => group === 'common').map(({ text }) => text)])].slice(0, FIRST);
    const words = (/** @type {string} */ text) => CHORDS.find((chord) => chord.text === text)?.words;
    return /** @type {import('../../parts/menu.js').MenuEntry[]} */ ([
      { label: t('keys.all-chords'), run: () => void all() },
      { label: t('keys.screen-keyboard'), checked: dock !== null, run: () => void toggle() },
      ...(context.has('macros') ? [{ label: t('keys.macros-open'), run: () => context.run('macros') }] : []),
      { label: layoutWords(), run: () => void chooseLayout() },
      'line',
      ...first.map((text) => ({ label: words(text) ? `${chordTitle(text)} – ${t(String(words(text)))}` : chordTitle(text), run: () => send(text) })),
    ]);
  };

  context.addTool({ name: 'secure', order: 10, keep: 10, glyph: 'lock', label: chordTitle(CHORDS[0].text), run: () => send(CHORDS[0].text), enabled });
  context.addTool({ name: 'keys', order: 20, keep: 80, glyph: 'keyboard', label: t('keys.menu'), enabled, entries });
  context.addMenu('help', () => [{ label: t('keys.help-open'), run: () => void help() }]);
  context.provide('screen-keyboard', () => void toggle());
  context.on('leds', (told) => {
    leds = told;
    dock?.setLeds(told);
  });
  context.provide('layout', () => void chooseLayout());
  context.onChange(() => void dock?.setLayout(layoutOf(context)));
  context.signal.addEventListener('abort', () => dock?.remove());
}
