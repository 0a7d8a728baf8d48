/* Keyboard and mouse of a page of Firefox. */
import { until } from './until.mjs';

/** Keys that are no characters, as WebDriver writes them. */
const KEYS = {
  Enter: '\uE006', Tab: '\uE004', Escape: '\uE00C', Backspace: '\uE003', Delete: '\uE017', Home: '\uE011', End: '\uE010', Space: ' ',
  Shift: '\uE008', Control: '\uE009', Alt: '\uE00A', Meta: '\uE03D', ControlRight: '\uE051', AltRight: '\uE052',
  ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015', F5: '\uE035', F7: '\uE037', F12: '\uE03C',
};

/** @param {string} key as playwright calls it: a character, a name or a code of a letter */
const written = (key) => KEYS[key] ?? (/^Key[A-Z]$/.test(key) ? key[3].toLowerCase() : key);

/** @param {any} page @param {'key'|'pointer'|'wheel'} type @param {object[]} actions @param {object} [more] of what does it */
const act = (page, type, actions, more) =>
  page.bidi.call('input.performActions', { context: page.id, actions: [{ type, id: type, actions, ...more }] });

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  down(key) {
    return act(this.page, 'key', [{ type: 'keyDown', value: written(key) }]);
  }
  up(key) {
    return act(this.page, 'key', [{ type: 'keyUp', value: written(key) }]);
  }
  /** @param {string} keys one, or several with + between them */
  async press(keys) {
    const taken = () => this.page.evaluate(() => document.activeElement?.classList.contains('surface')); // by the picture, for its target
    if (/^(Shift\+)?Tab$/.test(keys) && !(await taken())) return this.#tab(keys !== 'Tab');
    const values = (keys === '+' ? ['+'] : keys.split('+')).map(written);
    const up = [...values].reverse().map((value) => ({ type: 'keyUp', value }));
    return act(this.page, 'key', [...values.map((value) => ({ type: 'keyDown', value })), ...up]);
  }
  type(text) {
    return act(this.page, 'key', [...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]));
  }

  /** To the next place, which may be one of the window's own, and the page's again from there. @param {boolean} back */
  async #tab(back) {
    const where = () => this.page.evaluate(() => `${document.hasFocus()} ${[...document.querySelectorAll('*')].indexOf(document.activeElement)}`);
    const from = await where();
    const tab = /** @type {['keydown'|'keyup', string, string][]} */ ([['keydown', 'Tab', 'Tab'], ['keyup', 'Tab', 'Tab']]);
    await this.tell(back ? [['keydown', 'Shift', 'ShiftLeft'], ...tab, ['keyup', 'Shift', 'ShiftLeft']] : tab);
    await until(async () => (await where()) !== from, 'the focus is elsewhere');
  }

  /**
   * As the system tells the browser's window of keys: it takes its own first, and gives the page the rest.
   * @param {['keydown'|'keyup', string, string][]} events with what the key means and where it lies: 'Dead', 'BracketLeft'
   */
  tell(events) {
    return this.page.inWindow((list) => {
      const { Cc, Ci, KeyboardEvent } = /** @type {any} */ (globalThis);
      const processor = Cc['@mozilla.org/text-input-processor;1'].createInstance(Ci.nsITextInputProcessor);
      if (!processor.beginInputTransaction(globalThis, () => true)) throw new Error('the keys are somebody else’s');
      const codes = { Tab: 9, Escape: 27, ArrowLeft: 37, Equal: 61, F7: 118, F10: 121, F11: 122, F12: 123, Slash: 191, Quote: 222, AltLeft: 18 };
      for (const [type, key, code] of list) {
        const keyCode = codes[code] ?? (/^Key[A-Z]$/.test(code) ? code.charCodeAt(3) : 0); // as its own combinations name them
        processor[type](new KeyboardEvent('', { key, code, keyCode }));
      }
    }, events);
  }
}

const BUTTONS = { left: 0, middle: 1, right: 2 };

export class Mouse {
  #at = { x: 0, y: 0 };

  constructor(page) {
    this.page = page;
  }

  #act(actions) {
    return act(this.page, 'pointer', actions);
  }

  #move(x, y) {
    this.#at = { x: Math.round(x), y: Math.round(y) };
    return { type: 'pointerMove', ...this.#at };
  }

  move(x, y) {
    return this.#act([this.#move(x, y)]);
  }
  down({ button = 'left' } = {}) {
    return this.#act([{ type: 'pointerDown', button: BUTTONS[button] }]);
  }
  up({ button = 'left' } = {}) {
    return this.#act([{ type: 'pointerUp', button: BUTTONS[button] }]);
  }
  click(x, y) {
    return this.#act([this.#move(x, y), { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }]);
  }
  /** One finger, though it is no mouse. */
  tap(x, y) {
    const actions = [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
    return act(this.page, 'pointer', actions, { id: 'finger', parameters: { pointerType: 'touch' } });
  }
  wheel(deltaX, deltaY) {
    return act(this.page, 'wheel', [{ type: 'scroll', ...this.#at, deltaX, deltaY }]);
  }
}
