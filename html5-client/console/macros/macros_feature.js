/* Macros: which one runs is shown to everybody, with its end within reach; those with a shortcut start by it. The dialog
 * with list, editor and recorder is loaded when it is wanted. */

import { sentence } from '../../api.js';
import { h, setText } from '../../parts/dom.js';
import { loadPart } from '../../parts/load_part.js';
import { t } from '../../parts/messages.js';
import { macroApi } from './macro_api.js';
import { inOrder, parseChord } from '../keys/key_names.js';

/** @typedef {import('./macro_api.js').Running} Running */

/** The page's own shortcuts need two modifiers at least, so that no key of the target is lost. @param {string} text */
const shortcutUsages = (text) => {
  const usages = text ? parseChord(text) : null;
  return usages && usages.filter((usage) => usage >= 0xe0).length >= 2 ? inOrder(usages) : null;
};

/** @type {import('../console_context.js').Feature} */
export function plugMacros(context) {
  const { screen, state, target } = context;
  const words = h('span', { role: 'status' });
  const stop = h('button', { class: 'button small danger', type: 'button', onclick: () => void end() }, t('keys.macro-stop'));
  const badge = h('div', { class: 'macro-badge', hidden: true }, h('span', { class: 'macro-light', 'aria-hidden': 'true' }), words, stop);
  /** @type {{name: string, usages: number[]}[]} */
  let shortcuts = [];
  let asked = false;
  /** @type {import('./macro_dialog.js').MacroDialog|null} */
  let dialog = null;

  const end = async () => {
    try {
      await macroApi.stop(target);
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
  };
  /** @param {string} name @param {{times?: number, loop?: boolean}} [how] */
  const run = async (name, how) => {
    try {
      await macroApi.run(target, name, how);
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
  };
  const loadShortcuts = async () => {
    try {
      const { macros } = await macroApi.list(target);
      shortcuts = macros.flatMap(({ name, shortcut }) => {
        const usages = shortcutUsages(shortcut);
        return usages ? [{ name, usages }] : [];
      });
    } catch {
      shortcuts = []; // asked again when the console is opened again
    }
  };
  const open = async () => {
    const part = await loadPart(() => import('./macro_dialog.js'));
    if (!part) return;
    dialog ??= new part.MacroDialog(context, { run, stop: end, closed: () => ((dialog = null), void loadShortcuts()) });
    dialog.open();
  };
  const show = () => {
    const running = /** @type {{macro?: Running|null}|null} */ (state.info)?.macro ?? null;
    badge.hidden = !running;
    stop.hidden = !context.can('input');
    setText(words, running ? t('keys.macro-runs', { title: running.title || running.name, by: running.by }) : '');
    dialog?.running(running);
    if (asked || !context.connected || !context.can('input')) return;
    asked = true;
    void loadShortcuts();
  };
  // Before the picture's own keys: the shortcut is the page's. What of it is down already goes up by itself.
  screen.input.keyboard.intercept = (held, usage) => {
    const found = shortcuts.find(({ usages }) => usages.at(-1) === usage && usages.length === held.length + 1 && usages.slice(0, -1).every((one) => held.includes(one)));
    if (!found) return false;
    screen.input.releaseAll();
    void run(found.name);
    return true;
  };
  context.addOverlay(badge);
  context.onChange(show);
  context.provide('macros', () => void open());
  context.addMenu('tools', () => (context.can('input') ? [{ label: t('keys.macros-open'), run: () => void open() }] : []));
}
