/* The console's buttons, which features add. They only say what is wanted. */

import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { attachMenu } from '../parts/menu.js';
import { t } from '../parts/messages.js';
import { attachToolbar } from '../parts/toolbar.js';

/** @typedef {import('../parts/menu.js').MenuEntry} MenuEntry */
/** @typedef {import('./console_context.js').Tool} Tool */

/** @param {Tool} tool */
function makeButton({ glyph, label, run, name }) {
  return h(
    'button',
    { type: 'button', class: 'button quiet tool', 'data-tool': name, 'aria-label': label, title: label, onclick: run },
    icon(glyph),
    h('span', { class: 'tool-label' }, label),
  );
}

export class ConsoleToolbar {
  element = h('div', { class: 'toolbar', 'aria-label': t('console.toolbar') });
  /** @type {{tool: Tool, button: HTMLButtonElement, element: HTMLElement}[]} */
  #tools = [];

  /** @param {() => MenuEntry[]} more entries of the More menu */
  constructor(more) {
    this.add({ name: 'more', order: Infinity, keep: Infinity, glyph: 'more', label: t('console.more'), entries: more });
  }

  /** Once all are there that come at first. */
  attach() {
    attachToolbar(this.element);
  }

  /** @param {Tool} tool */
  add(tool) {
    const button = makeButton(tool);
    const element = tool.entries ? h('div', {}, button) : button;
    if (tool.entries) attachMenu(button, tool.entries);
    if (this.element.role) button.tabIndex = -1;
    const next = this.#tools.find((other) => other.tool.order > tool.order);
    this.element.insertBefore(element, next?.element ?? null);
    this.#tools.push({ tool, button, element });
    this.#tools.sort((one, other) => one.tool.order - other.tool.order);
  }

  show() {
    for (const { tool, button } of this.#tools) {
      if (tool.enabled) button.disabled = !tool.enabled();
      if (tool.pressed) button.setAttribute('aria-pressed', String(tool.pressed()));
    }
  }

  focus() {
    /** @type {HTMLElement|null} */ (this.element.querySelector('[tabindex="0"]'))?.focus();
  }
}
