/* An element of a page of Firefox, as playwright's locators name it: whatever is done to it waits until it is there. */
import { find } from './finder.mjs';
import { until } from './until.mjs';

/** @typedef {import('./finder.mjs').Wanted} Wanted */

/** A text as JSON can say it. @param {string|RegExp|undefined} text */
const pattern = (text) => (text instanceof RegExp ? { source: text.source, flags: text.flags } : text);

/** @param {Wanted['by']} by @param {string|RegExp} value @param {any} [options] @returns {Wanted} */
export const named = (by, value, { name, exact, hasText } = {}) => ({ by, value: pattern(value), name: pattern(name), exact, hasText: pattern(hasText) });

/** Where it can be hit: nothing else lies over it, save the label it belongs to. */
const PLACE = `(e, { position, turn }) => {
  if (!e || e.disabled || !e.checkVisibility({ visibilityProperty: true })) return null;
  e.scrollIntoView({ block: ['nearest', 'center', 'end', 'start'][turn % 4] });
  const box = e.getBoundingClientRect();
  const x = Math.floor(box.x + (position?.x ?? box.width / 2));
  const y = Math.floor(box.y + (position?.y ?? box.height / 2));
  const top = document.elementFromPoint(x, y);
  const own = top && (e.contains(top) || top.closest('label')?.control === e || (top.contains(e) && getComputedStyle(e).pointerEvents === 'none'));
  return own ? { x, y } : null;
}`;

export class Locator {
  /** @param {any} page @param {Wanted} wanted @param {number|null} index null: there must be one only */
  constructor(page, wanted, index = null) {
    Object.assign(this, { page, wanted, index });
  }

  first() {
    return this.nth(0);
  }

  last() {
    return this.nth(-1);
  }

  /** @param {number} index */
  nth(index) {
    return new Locator(this.page, this.wanted, index);
  }

  #within(wanted) {
    return new Locator(this.page, { ...wanted, within: { ...this.wanted, at: this.index } });
  }

  getByText(value, options = {}) {
    return this.#within(named('text', value, options));
  }
  getByRole(value, options = {}) {
    return this.#within(named('role', value, options));
  }
  getByLabel(value, options = {}) {
    return this.#within(named('label', value, options));
  }
  locator(value, { hasText } = {}) {
    return this.#within(named('css', value, { hasText }));
  }
  or(other) {
    return new Locator(this.page, { ...this.wanted, or: other.wanted }, this.index);
  }
  filter({ hasText }) {
    return new Locator(this.page, { ...this.wanted, hasText: pattern(hasText) }, this.index);
  }

  /** @param {string} code of a function of the element and the argument; the element is undefined when there is none */
  #script(code, argument) {
    const { wanted, index } = this;
    const given = JSON.stringify({ wanted, index, argument });
    return `((given) => { const all = (${find})(given.wanted);
      if (given.index === null && all.length > 1) throw new Error('ambiguous: ' + all.length + ' of ' + JSON.stringify(given.wanted));
      return (${code})(all.at(given.index ?? 0), given.argument); })(${given})`;
  }

  async #with(code, argument) {
    return JSON.parse(await this.page.evaluate(`(async () => JSON.stringify((await ${this.#script(code, argument)}) ?? null))()`));
  }

  #what(state) {
    return `${JSON.stringify(this.wanted)} is ${state}`;
  }

  waitFor({ state = 'visible' } = {}) {
    const seen = 'e.checkVisibility({ visibilityProperty: true })';
    const code = { visible: `!!e && ${seen}`, hidden: `!e || !${seen}`, attached: '!!e', detached: '!e' }[state];
    return until(() => this.#with(`(e) => ${code}`), this.#what(state));
  }

  /** Where it stands and can be hit. @param {{x: number, y: number}} [position] within it */
  async #place(position) {
    let last = '';
    let turn = -1;
    return until(async () => {
      const now = await this.#with(PLACE, { position, turn: Math.max(turn, 0) });
      if (!now) turn++;
      const stands = now && JSON.stringify(now) === last; // what is still being laid out moves away from under the pointer
      last = JSON.stringify(now);
      return stands ? now : null;
    }, this.#what('there to be clicked'));
  }

  async click({ position, trial = false } = {}) {
    const { x, y } = await this.#place(position);
    if (!trial) await this.page.mouse.click(x, y);
  }

  /** With a finger. */
  async tap() {
    const { x, y } = await this.#place();
    await this.page.mouse.tap(x, y);
  }

  async fill(text) {
    const code = `(e, text) => {
      if (!e || e.disabled) return false;
      e.focus();
      e.value = text;
      e.dispatchEvent(new InputEvent('input', { bubbles: true }));
      e.dispatchEvent(new Event('change', { bubbles: true }));
      return true;
    }`;
    await until(() => this.#with(code, text), this.#what('there to be filled'));
  }

  /** @param {string} choice its value or what it says */
  async selectOption(choice) {
    const code = `(e, choice) => {
      const option = !e || e.disabled ? null : [...e.options].find(({ value, label }) => value === choice || label === choice);
      if (!option) return false;
      e.focus();
      e.value = option.value;
      for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, { bubbles: true }));
      return true;
    }`;
    await until(() => this.#with(code, choice), this.#what(`there to choose ${choice}`));
  }

  /** @param {string|string[]} paths */
  async setInputFiles(paths) {
    await this.waitFor({ state: 'attached' });
    const element = await this.page.element(this.#script('(e) => e'));
    await this.page.bidi.call('input.setFiles', { context: this.page.id, element, files: [paths].flat() });
  }

  async check() {
    if (!(await this.isChecked())) await this.click();
  }

  /** What this says of the element, as soon as there is one. */
  async #present(code, argument) {
    const value = await until(() => this.#with(`async (e, argument) => e && { value: (await (${code})(e, argument)) ?? null }`, argument), this.#what('there'));
    return value.value;
  }

  textContent() {
    return this.#present('(e) => e.textContent');
  }
  innerText() {
    return this.#present('(e) => e.innerText');
  }
  inputValue() {
    return this.#present('(e) => e.value');
  }
  getAttribute(name) {
    return this.#present(`(e) => e.getAttribute(${JSON.stringify(name)})`);
  }
  isChecked() {
    return this.#present('(e) => e.checked');
  }
  isDisabled() {
    return this.#present('(e) => e.disabled === true');
  }
  isEnabled() {
    return this.#present('(e) => !e.disabled');
  }
  focus() {
    return this.#present('(e) => { e.focus(); return true; }');
  }
  scrollIntoViewIfNeeded() {
    return this.#present(`(e) => { e.scrollIntoView({ block: 'nearest' }); return true; }`);
  }
  boundingBox() {
    return this.#present('(e) => e.getBoundingClientRect().toJSON()');
  }
  evaluate(code, argument = null) {
    return this.#present(String(code), argument);
  }
  isVisible() {
    return this.#with('(e) => !!e && e.checkVisibility({ visibilityProperty: true })');
  }
  async isHidden() {
    return !(await this.isVisible());
  }
  count() {
    return this.evaluateAll((all) => all.length);
  }
  allTextContents() {
    return this.evaluateAll((all) => all.map((e) => e.textContent));
  }
  async evaluateAll(code) {
    const all = `(${find})(${JSON.stringify(this.wanted)})`;
    return JSON.parse(await this.page.evaluate(`JSON.stringify((${code})(${all}))`));
  }
}
