/* Makes an element take what is dropped on it, and shows that it would. */

import { droppedFiles, holdsFiles } from '../media/dropped_files.js';

/** @typedef {import('../media/dropped_files.js').Dropped} Dropped */

/**
 * @param {HTMLElement} element
 * @param {() => boolean} allowed
 * @param {(dropped: Dropped) => void} take
 */
export function attachDrop(element, allowed, take) {
  let depth = 0; // enter and leave come for every child as well
  const show = () => element.toggleAttribute('data-dropping', depth > 0);
  const mine = (/** @type {DragEvent} */ event) => holdsFiles(event.dataTransfer) && allowed();
  element.addEventListener('dragenter', (event) => {
    if (!mine(event)) return;
    event.preventDefault();
    depth++;
    show();
  });
  element.addEventListener('dragover', (event) => {
    if (!mine(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = 'copy';
  });
  element.addEventListener('dragleave', (event) => {
    if (!mine(event)) return;
    depth = Math.max(0, depth - 1);
    show();
  });
  element.addEventListener('drop', (event) => {
    depth = 0;
    show();
    if (!mine(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.stopPropagation();
    droppedFiles(event.dataTransfer).then(take, () => take({ files: [], folders: [], url: '' }));
  });
}

/** A file dropped beside its place would make the browser leave the page, and the target its medium. */
export function refuseStrayDrops() {
  for (const name of /** @type {const} */ (['dragover', 'drop']))
    window.addEventListener(name, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'none';
    });
}
