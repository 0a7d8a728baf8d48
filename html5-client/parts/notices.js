/* Short lines at the foot of the page that say what just happened; read out by screen readers. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './messages.js';

const STAY_MS = 6000;
/** @type {HTMLElement|null} */
let room = null;

/** Inside what is fullscreen: nothing else can be seen then. */
function place() {
  const home = document.fullscreenElement ?? document.body;
  if (room && room.parentElement !== home) home.append(room);
}

function findRoom() {
  if (!room) {
    room = document.getElementById('notices');
    document.addEventListener('fullscreenchange', place);
  }
  place();
  return room;
}

/**
 * @param {string} text
 * @param {'danger'|''} [tone]
 * @param {{label: string, run: () => void}[]} [actions] with any it stays until one is pressed or it is dismissed
 * @returns {() => void} takes it away
 */
export function notice(text, tone = '', actions = []) {
  const room = findRoom();
  if (!room) return () => {};
  const remove = () => line.remove();
  const line = h(
    'div',
    { class: 'notice', 'data-tone': tone },
    h('span', {}, text),
    ...actions.map(({ label, run }) => h('button', { class: 'button small', type: 'button', onclick: () => (remove(), run()) }, label)),
    h('button', { class: 'button quiet square small', 'aria-label': t('words.dismiss'), onclick: remove }, icon('close')),
  );
  for (const old of [...room.querySelectorAll('.notice:not([data-stays])')].slice(0, -2)) old.remove();
  room.append(line);
  if (actions.length) line.dataset.stays = 'true';
  else setTimeout(remove, STAY_MS + text.length * 40);
  return remove;
}
