/* What a feature of the console gets, and where it plugs in. A feature is a function that is given this once, before the
 * first report (console_features.js lists them); whatever it adds goes with the console. */

import { identity } from '../app/identity.js';
import { openDialog } from '../parts/dialog.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';

/** @typedef {import('./session/console_session.js').Command} Command */
/** @typedef {import('./session/console_session.js').Report} Report */
/** @typedef {import('../parts/menu.js').MenuEntry} MenuEntry */
/** @typedef {(context: ConsoleContext) => void} Feature */
/**
 * What is known now. Only the owner of a value writes it: the view, the seat and power; whoever does calls changed().
 * @typedef {object} ConsoleState
 * @property {import('./session/connection.js').ConnectionState} connection
 * @property {string} failure why the console stopped; '' while it works
 * @property {{width: number, height: number}|null} mode of the target; null: not known yet
 * @property {{signal: import('./session/protocol.js').SignalName, why: string}|null} noPicture
 * @property {import('../api.js').Target|null} info the target, as REST tells it
 * @property {import('../api.js').Power|null} power
 * @property {import('./session/protocol.js').Seats} seat
 * @property {boolean} mayType this user may have the seat
 * @property {boolean} admitted this page's keys and pointer go to the target
 * @property {boolean} viewOnly the user wants to look only
 * @property {boolean} captured admitted, and the picture has the focus
 */
/**
 * A button of the toolbar: `run` for one that acts, `entries` for one that opens a menu. Where there is no room it moves
 * into the More menu.
 * @typedef {object} Tool
 * @property {string} name
 * @property {number} order place among the others: 10 Ctrl+Alt+Del, 20 keys, 30 type text, 40 media, 50 power, 60 size, 70 full screen
 * @property {number} keep the smallest leave a narrow bar first
 * @property {string} glyph name in icons.js
 * @property {string} label
 * @property {() => void} [run]
 * @property {() => MenuEntry[]} [entries]
 * @property {() => boolean} [enabled]
 * @property {() => boolean} [pressed] of one that switches something
 */
/** Parts of the More menu, in their order. @typedef {'seat'|'view'|'tools'|'help'} MenuGroup */
/** Where elements are added. @typedef {'title'|'strip'|'stage'|'picture'|'foot'} Place */
/**
 * What the view does for features.
 * @typedef {object} ConsoleCalls
 * @property {() => void} changed
 * @property {() => void} refresh
 * @property {(tool: Tool) => void} addTool
 * @property {(place: Place, element: HTMLElement) => void} add
 */

export class ConsoleContext {
  /** @type {{group: MenuGroup, entries: () => MenuEntry[]}[]} */
  #menu = [];
  /** @type {Map<string, ((report: any) => void)[]>} */
  #reports = new Map();
  /** @type {(() => void)[]} */
  #watchers = [];
  /** @type {Map<string, (...values: any[]) => void>} */
  #actions = new Map();
  #calls;

  /**
   * @param {{target: string, root: HTMLElement, screen: import('./screen/console_screen.js').ConsoleScreen,
   *   strip: import('./status_strip.js').StatusStrip, state: ConsoleState, signal: AbortSignal}} parts
   * @param {ConsoleCalls} calls
   */
  constructor({ target, root, screen, strip, state, signal }, calls) {
    /** Its name. */
    this.target = target;
    /** The console's element: what becomes full screen. */
    this.root = root;
    this.screen = screen;
    this.strip = strip;
    this.state = state;
    /** Aborted when the console is left. */
    this.signal = signal;
    this.#calls = calls;
  }

  openDialog = openDialog;
  notice = notice;

  /** @param {import('../api.js').Right} right of this user, with this target */
  can(right) {
    return identity.can(right, this.target);
  }

  get connected() {
    return this.state.connection.state === 'open';
  }

  /** To the gateway. @param {Command} command */
  send(command) {
    this.screen.send(command);
  }

  /** Asks the gateway for the target anew. */
  refresh() {
    this.#calls.refresh();
  }

  /** After something in `state` changed, or what a tool's `enabled` or `pressed` says. */
  changed() {
    this.#calls.changed();
  }

  /** A handler of reports of the session: what the gateway said and what the picture does. Several may handle one type.
   * @template {Report['type']} T @param {T} type @param {(report: Extract<Report, {type: T}>) => void} handler */
  on(type, handler) {
    this.#reports.set(type, [...(this.#reports.get(type) ?? []), handler]);
  }

  /** Called after each change of the state. @param {() => void} watcher */
  onChange(watcher) {
    this.#watchers.push(watcher);
  }

  /** @param {Tool} tool */
  addTool(tool) {
    this.#calls.addTool(tool);
  }

  /** Entries of the More menu, asked for each time it opens. @param {MenuGroup} group @param {() => MenuEntry[]} entries */
  addMenu(group, entries) {
    this.#menu.push({ group, entries });
  }

  /** Behind the target's name. @param {HTMLElement} element */
  addTitleItem(element) {
    this.#calls.add('title', element);
  }

  /** In the status strip. @param {HTMLElement} element */
  addStripItem(element) {
    this.#calls.add('strip', element);
  }

  /** Over the stage, wherever the picture is in it. @param {HTMLElement} element */
  addOverlay(element) {
    this.#calls.add('stage', element);
  }

  /** Over the picture: its box is the picture's own, and is scaled, moved and turned with it. @param {HTMLElement} element */
  addPictureLayer(element) {
    this.#calls.add('picture', element);
  }

  /** Below the stage, where an on-screen keyboard has its place. @param {HTMLElement} element */
  addFootItem(element) {
    this.#calls.add('foot', element);
  }

  /** What others may want done. @param {string} name @param {(...values: any[]) => void} run */
  provide(name, run) {
    this.#actions.set(name, run);
  }

  /** Does it, where somebody provides it. @param {string} name @param {...unknown} values */
  run(name, ...values) {
    this.#actions.get(name)?.(...values);
  }

  /** @param {string} name */
  has(name) {
    return this.#actions.has(name);
  }

  // For the view:

  /** @param {Report} report */
  report(report) {
    for (const handler of this.#reports.get(report.type) ?? []) handler(report);
  }

  tell() {
    for (const watcher of this.#watchers) watcher();
  }

  /** @returns {MenuEntry[]} the More menu, a line between groups */
  menu() {
    /** @type {MenuEntry[]} */
    const all = [];
    for (const name of /** @type {MenuGroup[]} */ (['seat', 'view', 'tools', 'help'])) {
      const entries = this.#menu.filter(({ group }) => group === name).flatMap(({ entries }) => entries());
      if (entries.length && all.length) all.push('line');
      if (entries.length && name === 'help') all.push({ group: t('console.help') });
      all.push(...entries);
    }
    return all;
  }
}
