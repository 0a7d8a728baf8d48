/* One macro: its title, how often, its shortcut, and its steps, which are changed, moved and removed by mouse and by
 * keyboard (Alt with the arrows moves one). Left otherwise than by Save and Cancel, what was changed is there again when
 * the macro is opened again (drafts.js). */

import { sentence } from '../../api.js';
import { drafts } from '../../app/drafts.js';
import { openDialog } from '../../parts/dialog.js';
import { h, newId, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { KeyField } from '../keys/key_field.js';
import { parseChord } from '../keys/key_names.js';
import { BUTTONS, KINDS, newStep, stepWords, STEPS_MAX } from './macro_steps.js';

/** @typedef {import('./macro_steps.js').Macro} Macro */
/** @typedef {import('./macro_steps.js').Step} Step */

export class MacroEditor {
  #id = newId('macro');
  #title;
  #times;
  #loop;
  #shortcut = '';
  /** @type {Step[]} */
  #steps;
  #open = -1;
  #list = h('ol', { class: 'step-list' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #said = h('span', { class: 'small dim spring', role: 'status' });
  #kind = h('select', { class: 'input', 'aria-label': t('keys.step-kind') }, ...KINDS.map((kind) => h('option', { value: kind }, t(`keys.kind-${kind}`))));
  #save = h('button', { type: 'button', class: 'button primary', onclick: () => void this.#keep() }, t('keys.macro-save'));
  /** @type {HTMLDialogElement|null} */
  #dialog = null;
  /** As it was opened; '': it is more than what is saved already. */
  #opened = '';
  #restored;
  /** Saved, or not wanted. */
  #done = false;

  /** @param {Macro} saved @param {{target: string, draft: string, save: (macro: Macro) => Promise<void>, closed: () => void}} calls draft: what it is kept as */
  constructor(saved, calls) {
    const recorded = !saved.name && saved.steps.length > 0;
    const draft = /** @type {Macro|null} */ (recorded ? null : drafts.of(calls.draft));
    const macro = draft ?? saved;
    this.macro = macro;
    this.calls = calls;
    this.#restored = draft !== null;
    this.#steps = structuredClone(macro.steps);
    this.#shortcut = macro.shortcut ?? '';
    const times = macro.times ?? 1;
    this.#title = h('input', { class: 'input', id: this.#id, maxlength: 70, value: macro.title || macro.name || '', autocomplete: 'off', autofocus: true });
    this.#times = h('input', { class: 'input', id: `${this.#id}-times`, type: 'number', min: 1, max: 1000000, value: times || 1 });
    this.#loop = h('input', { type: 'checkbox', id: `${this.#id}-loop`, checked: times === 0 });
    this.#loop.addEventListener('change', () => (this.#times.disabled = this.#loop.checked));
    this.#times.disabled = times === 0;
    if (!recorded && !draft) this.#opened = JSON.stringify(this.#edited());
  }

  open() {
    const add = h('button', { type: 'button', class: 'button', onclick: () => this.#add() }, t('keys.step-add'));
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => this.#leave() }, t('keys.cancel'));
    this.#list.addEventListener('keydown', (event) => this.#keyed(event));
    this.#dialog = openDialog({
      title: t(this.macro.name ? 'keys.macro-edit-title' : 'keys.macro-new-title', { target: this.calls.target }),
      body: [
        h('div', { class: 'field' }, h('label', { for: this.#id }, t('keys.macro-title')), this.#title),
        h('div', { class: 'macro-how' },
          h('div', { class: 'field' }, h('label', { for: this.#times.id }, t('keys.macro-rounds')), this.#times),
          h('label', { class: 'check', for: this.#loop.id }, this.#loop, t('keys.macro-endless')),
          h('div', { class: 'field' }, h('span', { class: 'label' }, t('keys.macro-shortcut')), this.#shortcutField())),
        this.#message,
        h('h3', {}, t('keys.steps')),
        this.#list,
        h('div', { class: 'step-add' }, this.#kind, add),
        h('p', { class: 'hint small dim' }, t('keys.steps-hint')),
      ],
      foot: [this.#said, cancel, this.#save],
      onclose: () => this.#closed(),
    });
    this.#show();
    if (this.#restored) setText(this.#said, t('keys.macro-restored'));
  }

  /** Nothing of it is to come back. */
  #leave() {
    drafts.keep(this.calls.draft, null);
    this.#done = true;
    this.#dialog?.close();
  }

  #closed() {
    const edited = this.#edited();
    if (!this.#done && JSON.stringify(edited) !== this.#opened) drafts.keep(this.calls.draft, edited);
    this.calls.closed();
  }

  #shortcutField() {
    const take = (/** @type {string} */ text) => {
      const modifiers = (parseChord(text) ?? []).filter((usage) => usage >= 0xe0 && usage <= 0xe7);
      const good = modifiers.length >= 2;
      this.#shortcut = good ? text : '';
      setText(this.#message, good ? '' : t('keys.shortcut-short'));
    };
    const field = new KeyField(t('keys.press-keys'), take, this.#shortcut);
    const none = h('button', { type: 'button', class: 'button small quiet', onclick: () => ((this.#shortcut = ''), setText(field.element, t('keys.press-keys'))) }, t('keys.shortcut-none'));
    return h('div', { class: 'shortcut' }, field.element, none);
  }

  #add() {
    if (this.#steps.length >= STEPS_MAX) return;
    this.#steps.push(newStep(/** @type {Step['do']} */ (this.#kind.value)));
    this.#open = this.#steps.length - 1;
    this.#show();
    /** @type {HTMLElement|null} */ (this.#list.lastElementChild?.querySelector('input, textarea, select'))?.focus();
  }

  #show() {
    this.#list.replaceChildren(...this.#steps.map((step, i) => this.#row(step, i)));
    this.#save.disabled = !this.#steps.length;
  }

  /** @param {Step} step @param {number} i */
  #row(step, i) {
    const open = i === this.#open;
    const words = h('button', { type: 'button', class: 'step-words', 'aria-expanded': String(open), 'data-step': i, onclick: () => ((this.#open = open ? -1 : i), this.#show(), this.#focus(i)) }, h('span', { class: 'small dim' }, t(`keys.kind-${step.do}`)), ' ', h('span', { class: 'step-what' }, stepWords(step)));
    const act = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {() => void} */ run, disabled = false) =>
      h('button', { type: 'button', class: 'button quiet square small', 'aria-label': `${label}: ${i + 1}`, title: label, disabled, onclick: run }, h('span', { 'aria-hidden': 'true' }, sign));
    return h('li', { class: 'step' }, words,
      act(t('keys.step-up-in-list'), '↑', () => this.#move(i, -1), i === 0),
      act(t('keys.step-down-in-list'), '↓', () => this.#move(i, 1), i === this.#steps.length - 1),
      act(t('keys.step-remove'), '✕', () => this.#remove(i)),
      open && h('div', { class: 'step-fields' }, ...this.#fields(step, () => setText(/** @type {Element} */ (words.querySelector('.step-what')), stepWords(step)))));
  }

  /** @param {number} i */
  #focus(i) {
    /** @type {HTMLElement|null} */ (this.#list.querySelector(`[data-step="${i}"]`))?.focus();
  }

  /** @param {number} i @param {number} by */
  #move(i, by) {
    const to = i + by;
    if (to < 0 || to >= this.#steps.length) return;
    [this.#steps[i], this.#steps[to]] = [this.#steps[to], this.#steps[i]];
    if (this.#open === i) this.#open = to;
    else if (this.#open === to) this.#open = i;
    this.#show();
    this.#focus(to);
    setText(this.#said, t('keys.step-moved', { to: to + 1 }));
  }

  /** @param {number} i */
  #remove(i) {
    this.#steps.splice(i, 1);
    this.#open = -1;
    this.#show();
    this.#focus(Math.min(i, this.#steps.length - 1));
    setText(this.#said, t('keys.step-removed', { number: i + 1 }));
  }

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    const { step } = /** @type {HTMLElement} */ (event.target).dataset;
    if (step === undefined || !['ArrowUp', 'ArrowDown', 'Delete'].includes(event.key)) return;
    event.preventDefault();
    const by = event.key === 'ArrowUp' ? -1 : 1;
    if (event.key === 'Delete') this.#remove(Number(step));
    else if (event.altKey) this.#move(Number(step), by);
    else this.#focus(Number(step) + by);
  }

  /** @param {any} step @param {() => void} changed @returns {Node[]} */
  #fields(step, changed) {
    const number = (/** @type {string} */ key, /** @type {string} */ label, /** @type {number} */ min, /** @type {number} */ max, /** @type {number} */ otherwise = 0) => {
      const input = h('input', { class: 'input', type: 'number', min, max, value: step[key] ?? otherwise });
      input.addEventListener('input', () => {
        step[key] = Math.max(min, Math.min(Math.round(Number(input.value) || 0), max));
        changed();
      });
      return h('label', { class: 'field' }, label, input);
    };
    const button = () => {
      const select = h('select', { class: 'input' }, ...BUTTONS.map((name) => h('option', { value: name, selected: name === (step.button ?? 'left') }, t(`keys.button-${name}`))));
      select.addEventListener('change', () => ((step.button = select.value), changed()));
      return h('label', { class: 'field' }, t('keys.button'), select);
    };
    const keys = () => {
      const input = h('input', { class: 'input mono', value: step.keys, spellcheck: 'false', autocomplete: 'off' });
      const take = (/** @type {string} */ text) => {
        input.setAttribute('aria-invalid', String(!parseChord(text)));
        step.keys = text.toLowerCase().replaceAll(' ', '');
        changed();
      };
      input.addEventListener('input', () => take(input.value));
      const field = new KeyField(t('keys.press-keys'), (text) => ((input.value = text), take(text)));
      return [h('label', { class: 'field' }, t('keys.step-keys'), input), field.element];
    };
    const place = () => [number('x', 'X', 0, 32767), number('y', 'Y', 0, 32767)];
    switch (/** @type {Step['do']} */ (step.do)) {
      case 'chord': return [...keys(), number('hold', t('keys.step-hold'), 0, 600000, 60)];
      case 'press': case 'release': return keys();
      case 'pause': return [number('ms', t('keys.step-ms'), 0, 600000)];
      case 'text': return this.#textFields(step, changed);
      case 'click': return [...place(), button(), number('times', t('keys.step-clicks'), 1, 3, 1)];
      case 'wheel': return [...place(), number('wheel', t('keys.step-detents'), -127, 127)];
      case 'button': {
        const down = h('input', { type: 'checkbox', checked: step.down });
        down.addEventListener('change', () => ((step.down = down.checked), changed()));
        return [...place(), button(), h('label', { class: 'check' }, down, t('keys.step-is-down'))];
      }
      default: return place();
    }
  }

  /** @param {any} step @param {() => void} changed */
  #textFields(step, changed) {
    const text = h('textarea', { class: 'input mono', spellcheck: 'false', autocapitalize: 'none', maxlength: 8000 });
    text.value = step.text;
    text.addEventListener('input', () => ((step.text = text.value), changed()));
    const layout = h('input', { class: 'input', value: step.layout ?? '', placeholder: t('keys.layout-targets'), spellcheck: 'false', autocomplete: 'off' });
    layout.addEventListener('input', () => {
      if (layout.value.trim()) step.layout = layout.value.trim();
      else delete step.layout;
    });
    return [h('label', { class: 'field wide' }, t('keys.step-text-label'), text), h('label', { class: 'field' }, t('keys.layout'), layout), h('p', { class: 'hint small dim' }, t('keys.text-hint'))];
  }

  /** @returns {Macro} */
  #edited() {
    return {
      ...this.macro,
      title: this.#title.value.trim(),
      times: this.#loop.checked ? 0 : Math.max(1, Math.min(Math.round(Number(this.#times.value) || 1), 1000000)),
      shortcut: this.#shortcut,
      steps: this.#steps,
    };
  }

  async #keep() {
    if (!this.#title.value.trim()) {
      setText(this.#message, t('keys.macro-no-title'));
      return this.#title.focus();
    }
    try {
      this.#save.disabled = true;
      await this.calls.save(this.#edited());
      this.#leave();
    } catch (error) {
      setText(this.#message, sentence(error));
      this.#save.disabled = false;
    }
  }
}

