/* Typing on phones: a button raises the phone's own keyboard, with a row of the keys that it lacks above it. */

import { json } from '../../api.js';
import { listWords } from '../../parts/words.js';
import { t } from '../../parts/messages.js';
import { CharStrokes } from './char_strokes.js';
import { KeyRow } from './key_row.js';
import { layoutOf } from './layout_in_use.js';
import { SoftKeyboard } from './soft_keyboard.js';
import { SoftTypist } from './soft_typist.js';
import { hasTouch } from '../touch/touch_feature.js';

/** Compositions change quickly: what is lacking is told when it stays. */
const LACKING_MS = 700;
const MOST_TOLD = 8;

class SoftKeyboardFeature {
  #context;
  #strokes = new CharStrokes(null);
  #layout = '';
  #row;
  #field;
  #typist;
  /** @type {Set<string>} */
  #lacking = new Set();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #telling;
  #untell = () => {};

  /** @param {import('../console_context.js').ConsoleContext} context */
  constructor(context) {
    this.#context = context;
    const { screen, state } = context;
    const active = () => state.admitted;
    this.#typist = new SoftTypist(screen.input.keyboard.held, () => this.#row.used());
    screen.input.addHolder(this.#typist);
    this.#row = new KeyRow(this.#typist, active, context.has('screen-keyboard') ? () => (this.#show(false), context.run('screen-keyboard')) : null);
    this.#field = new SoftKeyboard({
      strokes: (character) => this.#strokes.of(character),
      type: (strokes) => active() && !this.#typist.type(strokes) && context.notice(t('softkeys.too-much'), 'danger'),
      lacking: (characters) => this.#tellLacking(characters),
      pasted: (text) => context.run('paste', text),
      leave: () => (this.#show(false), screen.left()),
    });
    screen.append(this.#field.element);
    context.addFootItem(this.#row.element);
    context.addTool({
      name: 'soft-keyboard', order: 45, keep: 88, glyph: 'softKeyboard', label: t('softkeys.open'),
      run: () => this.#show(this.#row.element.hidden), enabled: active, pressed: () => !this.#row.element.hidden,
    });
    context.onChange(() => {
      void this.#takeLayout();
      if (!active() && !this.#row.element.hidden && context.connected && !state.seat.mine) this.#show(false);
    });
    context.signal.addEventListener('abort', () => (clearTimeout(this.#telling), this.#untell()));
  }

  /** @param {boolean} shown */
  #show(shown) {
    const { screen, root } = this.#context;
    screen.view.setCrowded(shown, screen.input.pointer.at);
    root.toggleAttribute('data-typing', shown);
    this.#row.show(shown);
    this.#untell();
    if (shown) this.#field.open();
    else this.#field.close();
    const { layout, own } = layoutOf(this.#context);
    if (shown && layout !== own) this.#tell(t('keys.layout-other', { layout, own }));
    this.#context.changed();
  }

  /** The layout in use, as its characters are on its keys. */
  async #takeLayout() {
    const { layout: name } = layoutOf(this.#context);
    if (!this.#context.state.info || name === this.#layout) return;
    this.#layout = name;
    try {
      const layout = await json('GET', `/layouts/${encodeURIComponent(name)}`);
      if (name === this.#layout) this.#strokes = new CharStrokes(layout);
    } catch {
      if (name === 'us') return; // that one is known here
      this.#layout = '';
    }
  }

  /** With the way to another layout. @param {string} text @param {'danger'|''} [tone] */
  #tell(text, tone) {
    this.#untell();
    this.#untell = this.#context.notice(text, tone, [{ label: t('keys.layout-change'), run: () => this.#context.run('layout') }]);
  }

  /** @param {string[]} characters */
  #tellLacking(characters) {
    for (const character of characters) this.#lacking.add(character);
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      const told = [...this.#lacking].slice(0, MOST_TOLD);
      this.#lacking.clear();
      const { layout } = layoutOf(this.#context);
      this.#tell(t('softkeys.lacking', { count: told.length, characters: listWords(told), layout }), 'danger');
    }, LACKING_MS);
  }
}

/** @type {import('../console_context.js').Feature} */
export const plugSoftKeyboard = (context) => void (hasTouch() && new SoftKeyboardFeature(context));
