/* Prints a few lines, and nothing else of the page: the rest of it is hidden while that lasts (account.css). */

import { h } from './dom.js';

/** @param {string} heading @param {string} text */
export function printText(heading, text) {
  const sheet = h('section', { class: 'print-sheet', 'aria-hidden': 'true' }, h('h1', {}, heading), h('pre', {}, text));
  document.body.append(sheet);
  document.documentElement.dataset.printing = 'true';
  window.addEventListener(
    'afterprint',
    () => {
      sheet.remove();
      delete document.documentElement.dataset.printing;
    },
    { once: true },
  );
  window.print();
}
