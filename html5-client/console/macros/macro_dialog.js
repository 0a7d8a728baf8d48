/* The macros of a target: list with one click to run, import and export, and the way to editor and recorder. */

import { asList, sentence } from '../../api.js';
import { drafts } from '../../app/drafts.js';
import { confirmDialog, openDialog } from '../../parts/dialog.js';
import { h, setText } from '../../parts/dom.js';
import { download } from '../../parts/download.js';
import { t } from '../../parts/messages.js';
import { chordTitle } from '../keys/key_names.js';
import { macroApi } from './macro_api.js';
import { MacroEditor } from './macro_editor.js';
import { MacroRecorder } from './macro_recorder.js';
import { macroName } from './macro_steps.js';

/** @typedef {import('./macro_api.js').MacroSummary} MacroSummary */
/** @typedef {import('./macro_api.js').Running} Running */
/** @typedef {import('./macro_steps.js').Macro} Macro */

const FILE_MAX = 256 * 1024;

export class MacroDialog {
  #list = h('ul', { class: 'macro-list' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #state = h('span', { class: 'small dim spring', role: 'status' });
  #file = h('input', { type: 'file', accept: 'application/json,.json', hidden: true, 'aria-label': t('keys.macro-import') });
  /** @type {MacroSummary[]} */
  #macros = [];
  /** @type {HTMLDialogElement|null} */
  #dialog = null;
  /** Another window of ours takes its place. */
  #aside = false;
  #recorder;

  /**
   * @param {import('../console_context.js').ConsoleContext} context
   * @param {{run: (name: string, how?: {times?: number, loop?: boolean}) => Promise<void>, stop: () => Promise<void>, closed: () => void}} calls
   */
  constructor(context, calls) {
    this.context = context;
    this.calls = calls;
    this.#recorder = new MacroRecorder(context.screen);
    this.#file.addEventListener('change', () => void this.#import());
  }

  open() {
    if (this.#dialog || this.#recorder.on || this.context.signal.aborted) return;
    const button = (/** @type {string} */ label, /** @type {() => void} */ run, kind = '') => h('button', { type: 'button', class: `button ${kind}`, onclick: run }, label);
    this.#dialog = openDialog({
      title: t('keys.macros-title', { target: this.context.target }),
      body: [h('p', { class: 'small dim' }, t('keys.macros-hint')), this.#message, this.#list, this.#file],
      foot: [
        this.#state,
        button(t('keys.macro-import'), () => this.#file.click()),
        button(t('keys.macro-record'), () => this.#record()),
        button(t('keys.macro-new'), () => this.#edit({ title: '', steps: [] }, ''), 'primary'),
      ],
      onclose: () => this.#closed(),
    });
    void this.#load();
  }

  /** @param {Running|null} running */
  running(running) {
    for (const row of this.#list.children) {
      const { name = '' } = /** @type {HTMLElement} */ (row).dataset;
      const button = /** @type {HTMLButtonElement|null} */ (row.querySelector('.macro-run'));
      if (button) this.#showRun(button, name, running);
    }
  }

  #closed() {
    this.#dialog = null;
    if (!this.#aside) this.calls.closed();
  }

  #leave() {
    this.#aside = true;
    this.#dialog?.close();
    this.#aside = false;
  }

  async #load() {
    try {
      const { macros, running, last } = await macroApi.list(this.context.target);
      this.#macros = asList(macros);
      this.#list.replaceChildren(...macros.map((macro) => this.#row(macro)));
      setText(this.#state, last && last.end !== 'done' ? t(`keys.macro-end-${last.end}`, { name: last.name, why: last.why }) : macros.length ? '' : t('keys.no-macros'));
      this.running(running);
      setText(this.#message, '');
    } catch (error) {
      const again = h('button', { type: 'button', class: 'button small', onclick: () => void this.#load() }, t('app.try-again'));
      this.#list.replaceChildren(h('li', { class: 'macro-row' }, again));
      setText(this.#message, sentence(error));
    }
  }

  /** @param {MacroSummary} macro */
  #row(macro) {
    const title = macro.title || macro.name;
    const small = (/** @type {string} */ label, /** @type {string} */ name, /** @type {() => void} */ run) =>
      h('button', { type: 'button', class: 'button small', 'aria-label': `${label}: ${title}`, 'data-do': name, onclick: run }, label);
    const run = h('button', { type: 'button', class: 'button small primary macro-run' }, t('keys.macro-run'));
    const facts = [t('keys.macro-steps', { count: macro.steps }), macro.times === 0 ? t('keys.macro-endless') : macro.times > 1 ? t('keys.macro-times', { count: macro.times }) : ''];
    return h('li', { class: 'macro-row', 'data-name': macro.name },
      h('div', { class: 'macro-what' }, h('strong', {}, title), h('span', { class: 'small dim' }, facts.filter(Boolean).join(' · ')), macro.shortcut && h('kbd', {}, chordTitle(macro.shortcut))),
      h('div', { class: 'macro-acts' }, run,
        small(t('keys.macro-edit'), 'edit', () => void this.#change(macro.name)),
        small(t('keys.macro-export'), 'export', () => void this.#export(macro.name)),
        small(t('keys.macro-delete'), 'delete', () => void this.#delete(macro.name, title))));
  }

  /** @param {HTMLButtonElement} button @param {string} name @param {Running|null} running */
  #showRun(button, name, running) {
    const mine = running?.name === name;
    const title = this.#macros.find((macro) => macro.name === name)?.title || name;
    setText(button, t(mine ? 'keys.macro-stop' : 'keys.macro-run'));
    button.setAttribute('aria-label', `${button.textContent}: ${title}`);
    button.classList.toggle('danger', mine);
    button.classList.toggle('primary', !mine);
    button.disabled = running !== null && !mine;
    button.onclick = () => void (mine ? this.calls.stop() : this.#run(name));
  }

  /** Out of the way, so that one sees what it does. @param {string} name */
  async #run(name) {
    await this.calls.run(name);
    this.#dialog?.close();
    this.context.screen.focusPicture();
  }

  /** @param {string} name */
  async #change(name) {
    try {
      this.#edit(await macroApi.get(this.context.target, name), name);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {Macro} macro @param {string} name '' a new one */
  #edit(macro, name) {
    this.#leave();
    const taken = this.#macros.map((one) => one.name);
    new MacroEditor(macro, {
      target: this.context.target,
      draft: this.#draft(name),
      save: async (edited) => {
        const { name: _former, ...body } = edited;
        await macroApi.put(this.context.target, name || macroName(edited.title ?? '', taken), body);
      },
      closed: () => this.open(),
    }).open();
  }

  /** @param {string} name */
  #draft(name) {
    return `macro ${this.context.target} ${name}`;
  }

  /** @param {string} name */
  async #export(name) {
    try {
      const macro = await macroApi.get(this.context.target, name);
      download(new Blob([`${JSON.stringify(macro, null, 2)}\n`], { type: 'application/json' }), `${name}.macro.json`);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  async #import() {
    const [file] = this.#file.files ?? [];
    this.#file.value = '';
    if (!file) return;
    try {
      if (file.size > FILE_MAX) throw new SyntaxError();
      const macro = /** @type {Macro} */ (JSON.parse(await file.text()));
      if (!Array.isArray(macro?.steps)) throw new SyntaxError();
      const { name = '', ...body } = macro;
      await macroApi.put(this.context.target, macroName(name || body.title || file.name.replace(/\..*$/, ''), this.#macros.map((one) => one.name)), body);
      await this.#load();
    } catch (error) {
      setText(this.#message, error instanceof SyntaxError ? t('keys.macro-no-file', { file: file.name }) : sentence(error));
    }
  }

  /** @param {string} name @param {string} title */
  async #delete(name, title) {
    if (!(await confirmDialog({ title: t('keys.macro-delete-title', { title }), text: t('keys.macro-delete-text'), action: t('keys.macro-delete') }))) return;
    try {
      await macroApi.remove(this.context.target, name);
      drafts.keep(this.#draft(name), null);
      await this.#load();
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** The picture is what one records on: the dialog leaves, a bar stays. */
  #record() {
    this.#leave();
    const timed = h('input', { type: 'checkbox', checked: true });
    const lost = h('strong', { role: 'status' });
    const done = (/** @type {boolean} */ keep) => {
      const steps = this.#recorder.end(timed.checked);
      bar.remove();
      if (keep && steps.length) return this.#edit({ title: '', steps }, '');
      if (keep) this.context.notice(t('keys.record-empty'));
      this.open();
    };
    const bar = h('div', { class: 'macro-badge record-bar', role: 'group', 'aria-label': t('keys.macro-record') },
      h('span', { class: 'macro-light', 'aria-hidden': 'true' }), h('span', { role: 'status' }, t('keys.recording')), lost,
      h('label', { class: 'check' }, timed, t('keys.record-timed')),
      h('button', { type: 'button', class: 'button small primary', onclick: () => done(true) }, t('keys.record-done')),
      h('button', { type: 'button', class: 'button small', onclick: () => done(false) }, t('keys.record-discard')));
    this.context.addOverlay(bar);
    this.context.signal.addEventListener('abort', () => {
      const steps = this.#recorder.on ? this.#recorder.end(timed.checked) : [];
      if (steps.length) drafts.keep(this.#draft(''), { title: '', steps });
    });
    this.#recorder.begin(() => setText(lost, t('keys.record-lost')));
    this.context.screen.focusPicture();
  }
}
