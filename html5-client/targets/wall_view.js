/* The wall: four or nine live screens at once, of all targets or one group, page by page. Nobody types here; a click or
 * Enter leads to the console. Left and right, and the numbers, work as one expects. */

import { sentence } from '../api.js';
import { pageHead } from '../app/page_head.js';
import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { go, hashOf } from '../router.js';
import { groupNames } from './target_filter.js';
import { TargetsPoll } from './targets_poll.js';
import { WallTile } from './wall_tile.js';

/** @typedef {import('../api.js').Target} Target */

const SIZES = [4, 9];
const TURN_MS = 20000;

export class WallView extends HTMLElement {
  #size;
  #group;
  #page = 0;
  /** @type {Target[]} */
  #targets = [];
  /** @type {WallTile[]} */
  #tiles = [];
  /** @type {TargetsPoll|null} */
  #poll = null;
  #abort = new AbortController();
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #turning;
  #room = h('div', { class: 'wall', role: 'list' });
  #where = h('span', { class: 'dim small', role: 'status' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #choice = h('select', { class: 'input', 'aria-label': t('targets.group') });
  #previous = h('button', { class: 'button', type: 'button', onclick: () => this.#turn(-1) }, t('wall.previous'));
  #next = h('button', { class: 'button', type: 'button', onclick: () => this.#turn(1) }, t('wall.next'));
  #cycle = h('button', { class: 'button', type: 'button', 'aria-pressed': 'false', onclick: () => this.#setTurning(!this.#turning) }, t('wall.turn'));
  #full = h('button', { class: 'button', type: 'button', onclick: () => void this.#room.requestFullscreen().catch(() => {}) }, t('wall.full'));

  /** @param {number} size 4 or 9 @param {string} group '' is all */
  constructor(size, group) {
    super();
    this.#size = SIZES.includes(size) ? size : SIZES[0];
    this.#group = group;
  }

  connectedCallback() {
    document.title = t('wall.page-title');
    const sizes = SIZES.map((size) =>
      h('a', { class: 'segment', href: hashOf({ view: 'wall', size, group: this.#group }), 'aria-current': size === this.#size && 'true' }, t('wall.size', { count: size })),
    );
    this.#room.dataset.size = String(this.#size);
    this.replaceChildren(
      pageHead('wall'),
      h(
        'div',
        { class: 'wall-page' },
        h(
          'div',
          { class: 'overview-tools' },
          h('h1', { tabindex: -1 }, t('wall.title')),
          h('div', { class: 'segments', role: 'group', 'aria-label': t('wall.sizes') }, ...sizes),
          this.#choice,
          h('span', { class: 'spring' }),
          this.#where,
          h('div', { class: 'wall-turns' }, this.#previous, this.#next, this.#cycle),
          this.#full,
        ),
        this.#message,
        this.#room,
      ),
    );
    this.#choice.addEventListener('change', () => go({ view: 'wall', size: this.#size, group: this.#choice.value }));
    document.addEventListener('keydown', (event) => this.#pressed(event), { signal: this.#abort.signal });
    this.#poll = new TargetsPoll({
      told: (targets) => this.#take(targets),
      failed: (error) => setText(this.#message, error ? sentence(error) : ''),
    });
  }

  disconnectedCallback() {
    this.#abort.abort();
    this.#poll?.stop();
    clearInterval(this.#turning);
  }

  /** @param {Target[]} targets */
  #take(targets) {
    const names = groupNames(targets);
    this.#choice.replaceChildren(h('option', { value: '' }, t('targets.all-groups')), ...names.map((name) => h('option', { value: name }, name)));
    this.#choice.value = names.includes(this.#group) ? this.#group : '';
    this.#choice.hidden = !names.length;
    this.#targets = targets.filter(({ group, signal }) => (!this.#group || group === this.#group) && String(signal.name) !== 'hidden');
    this.#show();
  }

  get #pages() {
    return Math.max(1, Math.ceil(this.#targets.length / this.#size));
  }

  /** Tiles that stay are not touched: their pictures go on. */
  #show() {
    this.#page = Math.min(this.#page, this.#pages - 1);
    const shown = this.#targets.slice(this.#page * this.#size, (this.#page + 1) * this.#size);
    const tiles = shown.map((target, i) => {
      const tile = this.#tiles.find(({ target: name }) => name === target.name) ?? new WallTile(target.name);
      tile.show(target, i + 1);
      return tile;
    });
    for (const tile of this.#tiles) if (!tiles.includes(tile)) tile.remove();
    tiles.forEach((tile, i) => {
      if (this.#room.children[i] !== tile) this.#room.insertBefore(tile, this.#room.children[i] ?? null);
    });
    this.#tiles = tiles;
    if (!tiles.length) setText(this.#message, t('wall.none'));
    setText(this.#where, t('wall.where', { page: this.#page + 1, pages: this.#pages }));
    for (const one of [this.#previous, this.#next, this.#cycle]) one.hidden = this.#pages < 2;
  }

  /** @param {number} by */
  #turn(by) {
    this.#page = (this.#page + by + this.#pages) % this.#pages;
    this.#show();
  }

  /** @param {boolean} on */
  #setTurning(on) {
    clearInterval(this.#turning);
    this.#turning = on ? setInterval(() => !document.hidden && this.#turn(1), TURN_MS) : undefined;
    this.#cycle.setAttribute('aria-pressed', String(on));
  }

  /** Wherever the focus is, but where keys mean something else. @param {KeyboardEvent} event */
  #pressed(event) {
    const elsewhere = document.querySelector('dialog[open], input:focus, select:focus, textarea:focus');
    if (elsewhere || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.#tiles.findIndex((tile) => tile.contains(document.activeElement));
    const across = Math.sqrt(this.#size);
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    if (event.key === 'PageDown') this.#turn(1);
    else if (event.key === 'PageUp') this.#turn(-1);
    else if (event.key in steps) this.#tiles[at < 0 ? 0 : at + steps[event.key]]?.focusLink();
    else if (/^[1-9]$/.test(event.key)) this.#tiles[Number(event.key) - 1]?.open();
    else return;
    event.preventDefault();
  }
}

customElements.define('wall-view', WallView);
