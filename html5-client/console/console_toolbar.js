/* The console's buttons, which features add. They only say what is wanted. Where the bar has no room for all, the least
 * needed move into the More menu. */

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
  #resized = new ResizeObserver(() => this.#fit());
  #size = '';

  /** @param {() => MenuEntry[]} more entries of the More menu */
  constructor(more) {
    this.add({ name: 'more', order: Infinity, keep: Infinity, glyph: 'more', label: t('console.more'), entries: () => this.#more(more()) });
  }

  /** Once all are there that come at first. */
  attach() {
    attachToolbar(this.element);
    this.#resized.observe(this.element);
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
    this.#size = '';
    this.#fit();
  }

  /** Hides what there is no room for, along the bar's own direction. */
  #fit() {
    const { element } = this;
    const size = `${element.clientWidth} ${element.clientHeight}`;
    if (size === this.#size || !element.clientWidth) return;
    this.#size = size;
    for (const { element: one } of this.#tools) one.hidden = false;
    const crowded = () => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    for (const { element: one, tool } of [...this.#tools].sort((one, other) => one.tool.keep - other.tool.keep)) {
      if (!crowded()) break;
      if (tool.keep < Infinity) one.hidden = true;
    }
  }

  /** @param {MenuEntry[]} others @returns {MenuEntry[]} */
  #more(others) {
    const hidden = this.#tools.filter(({ element }) => element.hidden);
    /** @type {MenuEntry[]} */
    const entries = hidden.flatMap(({ tool }) => {
      const disabled = tool.enabled ? !tool.enabled() : false;
      if (tool.run) return [{ label: tool.label, run: tool.run, disabled, checked: tool.pressed?.() }];
      return disabled ? [] : [{ group: tool.label }, ...(tool.entries?.() ?? [])];
    });
    return entries.length ? [...entries, 'line', ...others] : others;
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
