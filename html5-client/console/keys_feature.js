/* Keys that browsers and systems keep for themselves, as buttons, and the help about keys. */

import { CHORDS, chordUsages } from './chords.js';
import { openHelpDialog } from './help_dialog.js';

/** @type {import('./console_context.js').Feature} */
export function plugKeys(context) {
  const enabled = () => context.state.admitted;
  /** @param {import('./chords.js').Chord} chord */
  const press = (chord) => {
    context.screen.input.keyboard.press(chordUsages(chord));
    context.screen.focusPicture();
  };
  context.addTool({ name: 'secure', order: 10, keep: 10, glyph: 'lock', label: 'Ctrl+Alt+Del', run: () => press(CHORDS[0]), enabled });
  context.addTool({
    name: 'keys', order: 20, keep: 80, glyph: 'keyboard', label: 'Keys', enabled,
    entries: () => CHORDS.map((chord) => ({ label: chord.label, run: () => press(chord) })),
  });
  context.addMenu('help', () => [{ label: 'Keyboard and mouse …', run: openHelpDialog }]);
}
