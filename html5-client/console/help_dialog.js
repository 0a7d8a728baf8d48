/* What the console's keys and buttons do; above all, how to get the keyboard back. */

import { openDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { LEAVE_CHORD } from './keyboard_input.js';

/** @param {string} chord */
const keys = (chord) => {
  const parts = chord.split('+').flatMap((key) => [h('kbd', {}, key), '+']);
  return h('span', {}, ...parts.slice(0, -1));
};

/** @param {Node|string} term @param {string} text */
const line = (term, text) => h('div', { class: 'help-line' }, h('dt', {}, term), h('dd', {}, text));

export function openHelpDialog() {
  openDialog({
    title: 'Keyboard and mouse',
    body: [
      h(
        'dl',
        { class: 'help' },
        line(keys(LEAVE_CHORD), 'Leaves the picture: keys work on this page again, and the focus goes to the toolbar.'),
        line('Click the picture', 'Keys and mouse go to the target, Tab and function keys included.'),
        line('Keys menu', 'Combinations that the browser or your system keeps for itself.'),
        line('Full screen', 'In browsers with a keyboard lock, Alt+Tab, Escape and the like reach the target too. Hold Escape to leave.'),
        line('Type text', 'Types a text key by key; also when you paste onto the picture.'),
        line('Relative mouse', 'For targets that know no absolute positions, as most firmware. A click on the picture that has the keyboard locks the pointer; Escape or the chord above frees it.'),
        line('Keyboard', 'One person types at a time; others ask for it, and have it after 30 seconds when its holder does nothing. Whoever configures this target may take it over, or share it with all. Whatever was pressed is released at each change.'),
      ),
      h('p', { class: 'small dim' }, 'Keys are sent by their position; what they mean is up to the target’s own layout.'),
    ],
  });
}
