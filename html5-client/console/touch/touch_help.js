/* What fingers and the view's keys do. */

import { openDialog } from '../../parts/dialog.js';
import { h } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';

const GESTURES = ['tap', 'double-tap', 'hold', 'hold-move', 'slide', 'two-tap', 'three-tap', 'two-move', 'pinch', 'three-move', 'pad', 'pad-lock'];
const VIEW = ['zoom-keys', 'fit-keys', 'turn-keys', 'wheel', 'rim'];

/** @param {string} title @param {string[]} names */
const list = (title, names) => [
  h('h3', {}, title),
  h('dl', { class: 'help' }, ...names.map((name) => h('div', { class: 'help-line' }, h('dt', {}, t(`touch.${name}`)), h('dd', {}, t(`touch.${name}-does`))))),
];

export function openTouchHelp() {
  openDialog({ title: t('touch.help-title'), body: [...list(t('touch.fingers'), GESTURES), ...list(t('touch.view'), VIEW)] });
}
