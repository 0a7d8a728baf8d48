/* Short lines at the foot of the page that say what just happened; read out by screen readers. */

import { h } from './dom.js';
import { icon } from './icons.js';

const STAY_MS = 6000;

/** @param {string} text @param {'danger'|''} [tone] */
export function notice(text, tone = '') {
  const room = document.getElementById('notices');
  if (!room) return;
  const remove = () => line.remove();
  const line = h(
    'div',
    { class: 'notice', 'data-tone': tone },
    h('span', {}, text),
    h('button', { class: 'button quiet square small', 'aria-label': 'Dismiss', onclick: remove }, icon('close')),
  );
  for (const old of [...room.children].slice(0, -2)) old.remove();
  room.append(line);
  setTimeout(remove, STAY_MS + text.length * 40);
}
