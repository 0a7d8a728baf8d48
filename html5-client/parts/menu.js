/* A button that opens a menu, after the ARIA menu-button pattern: arrows, Home, End, Escape; the choice closes it. */

import { h, newId } from './dom.js';
import { icon } from './icons.js';

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {() => void} run
 * @property {boolean} [checked] shown with a mark: on or off by itself; undefined: not a thing to check
 * @property {boolean} [chosen] shown with a mark: one of several
 * @property {'danger'|''} [tone]
 * @property {boolean} [disabled]
 */
/** @typedef {MenuItem | {group: string} | 'line'} MenuEntry */

const GAP = 6;

/**
 * @param {HTMLButtonElement} button
 * @param {() => MenuEntry[]|Promise<MenuEntry[]>} entries asked each time the menu opens
 */
export function attachMenu(button, entries) {
  const menu = h('div', { class: 'menu', role: 'menu', popover: 'auto', id: newId('menu') });
  menu.setAttribute('aria-label', button.getAttribute('aria-label') ?? button.textContent ?? '');
  button.setAttribute('aria-haspopup', 'menu');
  button.setAttribute('aria-expanded', 'false');
  button.after(menu);

  /** @param {MenuEntry[]} list */
  const open = (list) => {
    if (!menu.isConnected) return; // it was waited for
    menu.replaceChildren(...list.map((entry) => entryElement(entry, () => close(button, menu))));
    menu.showPopover();
    place(button, menu);
    items(menu)[0]?.focus();
  };
  button.addEventListener('click', () => {
    if (menu.matches(':popover-open')) return menu.hidePopover();
    const list = entries();
    if (Array.isArray(list)) open(list);
    else void list.then(open);
  });
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    event.stopPropagation();
    button.click();
  });
  menu.addEventListener('toggle', (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === 'open';
    button.setAttribute('aria-expanded', String(open));
  });
  menu.addEventListener('keydown', (event) => moveFocus(event, menu, button));
  return menu;
}

/** @param {HTMLButtonElement} button @param {HTMLElement} menu */
function close(button, menu) {
  menu.hidePopover();
  button.focus();
}

/** @param {MenuEntry} entry @param {() => void} close */
function entryElement(entry, close) {
  if (entry === 'line') return h('hr', { role: 'separator' });
  if ('group' in entry) return h('div', { class: 'group', role: 'presentation' }, entry.group);
  const marked = entry.checked ?? entry.chosen;
  const mark = icon('check');
  mark.setAttribute('class', 'icon mark');
  return h(
    'button',
    {
      type: 'button',
      role: entry.checked !== undefined ? 'menuitemcheckbox' : marked !== undefined ? 'menuitemradio' : 'menuitem',
      'aria-checked': marked === undefined ? null : String(marked),
      disabled: entry.disabled,
      'data-tone': entry.tone,
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.detail > 1) return; // the second of two clicks at the button, in a window where the menu covers it
        close();
        entry.run();
      },
    },
    marked !== undefined && mark,
    h('span', {}, entry.label),
  );
}

/** @param {HTMLElement} menu @returns {HTMLButtonElement[]} */
const items = (menu) => [...menu.querySelectorAll('button')].filter((item) => !item.disabled);

/** @param {KeyboardEvent} event @param {HTMLElement} menu @param {HTMLButtonElement} button */
function moveFocus(event, menu, button) {
  const all = items(menu);
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
  event.stopPropagation(); // a toolbar around the button has its own arrows
  if (event.key === 'Tab') return menu.hidePopover();
  if (event.key === 'Escape') {
    event.preventDefault();
    return close(button, menu);
  }
  if (!(event.key in target) || !all.length) return;
  event.preventDefault();
  all[(target[event.key] + all.length) % all.length].focus();
}

/**
 * Below the button, else above it, else at its side: a menu that covers it would take the second of two clicks.
 * @param {HTMLElement} button @param {HTMLElement} menu
 */
function place(button, menu) {
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const [under, over] = [at.bottom + GAP, at.top - GAP - size.height];
  const [right, before] = [at.right + GAP, at.left - GAP - size.width];
  const beside = under + size.height > innerHeight && over < 0;
  const left = !beside ? at.left : right + size.width <= innerWidth || before < 0 ? right : before;
  const top = under + size.height <= innerHeight || beside ? under : over;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - size.height - 8))}px`;
}
