/* Tabs after the ARIA pattern: arrows, Home and End move between them, each shows its panel. */

import { h, newId } from './dom.js';

/** @typedef {{name: string, label: string, panel: HTMLElement}} Tab */

export class Tabs {
  #tabs;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #list;
  element;
  chosen = '';

  /** @param {string} label @param {Tab[]} tabs @param {(name: string) => void} changed */
  constructor(label, tabs, changed) {
    this.#tabs = tabs;
    this.changed = changed;
    this.#list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
    for (const { name, label: text, panel } of tabs) {
      const [id, panelId] = [newId('tab'), newId('panel')];
      const button = h('button', { type: 'button', role: 'tab', class: 'tab', id, 'aria-controls': panelId, onclick: () => this.choose(name) }, text);
      for (const [key, value] of [['role', 'tabpanel'], ['id', panelId], ['aria-labelledby', id]]) panel.setAttribute(key, value);
      this.#buttons.set(name, button);
      this.#list.append(button);
    }
    this.#list.addEventListener('keydown', (event) => this.#keyed(event));
    this.element = h('div', { class: 'tabbed' }, this.#list, ...tabs.map(({ panel }) => panel));
    if (tabs.length) this.choose(tabs[0].name);
  }

  /** @param {string} name */
  choose(name) {
    if (!this.#buttons.has(name)) return;
    this.chosen = name;
    for (const tab of this.#tabs) {
      const on = tab.name === name;
      const button = this.#buttons.get(tab.name);
      button?.setAttribute('aria-selected', String(on));
      button?.setAttribute('tabindex', on ? '0' : '-1');
      tab.panel.hidden = !on;
    }
    this.changed(name);
  }

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    const at = this.#tabs.findIndex(({ name }) => name === this.chosen);
    /** @type {Record<string, number>} */
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    if (!(event.key in next)) return;
    event.preventDefault();
    const { name } = this.#tabs[(next[event.key] + this.#tabs.length) % this.#tabs.length];
    this.choose(name);
    this.#buttons.get(name)?.focus();
  }
}
