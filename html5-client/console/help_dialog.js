/* What the console's keys and buttons do; above all, how to get the keyboard back. With what one may choose about keys. */

import { openDialog } from '../parts/dialog.js';
import { h, newId } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { keySettings, changeKeySettings } from './keys/key_settings.js';
import { keyName } from './keys/key_legends.js';
import { chordTitle } from './keys/key_names.js';
import { LEAVE_CHORD } from './keys/keyboard_input.js';
import { LEAVE_KEYS } from './keys/leave_key.js';

/** @param {string} chord */
const keys = (chord) => {
  const parts = chord.split('+').flatMap((key) => [h('kbd', {}, key), '+']);
  return h('span', {}, ...parts.slice(0, -1));
};

/** @param {Node|string} term @param {string} text */
const line = (term, text) => h('div', { class: 'help-line' }, h('dt', {}, term), h('dd', {}, text));

/** The way out first. */
const LINES = ['click', 'menu', 'full-screen', 'lock', 'screen-keyboard', 'macros', 'paste', 'locks', 'altgr', 'relative', 'seat', 'jiggler'];

/** @param {string} label @param {string} value @param {[string, string][]} choices @param {(value: string) => void} chosen */
function choice(label, value, choices, chosen) {
  const id = newId('keys');
  const select = h('select', { class: 'input', id }, ...choices.map(([name, text]) => h('option', { value: name, selected: name === value }, text)));
  select.addEventListener('change', () => chosen(select.value));
  return h('div', { class: 'field' }, h('label', { for: id }, label), select);
}

const SPEEDS = [0.25, 0.5, 1, 2, 4];

function settings() {
  const now = keySettings();
  /** @param {'swapped'|'taps'|'reversed'} name @param {string} label */
  const check = (name, label) => {
    const box = h('input', { type: 'checkbox', checked: now[name], onchange: () => changeKeySettings({ [name]: box.checked }) });
    return h('label', { class: 'check' }, box, label);
  };
  /** @param {'speed'|'scroll'} name @param {string} label */
  const speed = (name, label) =>
    choice(label, String(now[name]), SPEEDS.map((value) => [String(value), t('console.percent', { percent: 100 * value })]), (value) => changeKeySettings({ [name]: Number(value) }));
  return h('section', { class: 'key-settings' },
    h('h3', {}, t('keys.settings')),
    choice(t('keys.leave-too'), now.leave, [['none', t('keys.leave-none')], ...LEAVE_KEYS.map((key) => /** @type {[string, string]} */ ([key, key === 'escape3' ? t('keys.escape-thrice') : t('keys.leave-tap', { key: keyName(key) })]))], (value) => changeKeySettings({ leave: value })),
    choice(t('keys.locks'), now.locks, [['offer', t('keys.locks-offer')], ['always', t('keys.locks-always')], ['never', t('keys.locks-never')]], (value) => changeKeySettings({ locks: /** @type {'offer'} */ (value) })),
    check('swapped', t('keys.swapped')),
    check('taps', t('keys.taps')),
    speed('speed', t('keys.speed')),
    speed('scroll', t('keys.scroll')),
    check('reversed', t('keys.reversed')));
}

export function openHelpDialog() {
  openDialog({
    title: t('keys.help-title'),
    body: [
      h('dl', { class: 'help' }, line(keys(chordTitle(LEAVE_CHORD)), t('keys.help-leave')), ...LINES.map((name) => line(t(`keys.help-${name}-term`), t(`keys.help-${name}`)))),
      h('p', { class: 'small dim' }, t('keys.help-position')),
      settings(),
    ],
  });
}
