/* Debian's own Firefox ESR, unpatched, through WebDriver BiDi: as much of playwright-core's page as these tests use. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bidi } from './bidi.mjs';
import { find } from './finder.mjs';
import { until } from './until.mjs';

const PREFERENCES = {
  'ui.prefersReducedMotion': 1,
  'intl.accept_languages': 'en-US, en',
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'extensions.update.enabled': false,
  // A tab that no test looks at is one that people would look at.
  'dom.min_background_timeout_value': 4,
  'widget.windows.window_occlusion_tracking.enabled': false,
};

/** @param {string} program */
export async function launchFirefox(program) {
  const profile = mkdtempSync(join(tmpdir(), 'lightsout-firefox-'));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const url = await until(() => {
    if (ended()) throw new Error(`firefox-esr ended:\n${said}`);
    return /WebDriver BiDi listening on (\S+)/.exec(said)?.[1];
  }, 'Firefox listens', 180000);
  const bidi = await Bidi.connect(`${url}/session`);
  await bidi.call('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  await bidi.call('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] });
  const stop = async () => {
    await Promise.race([bidi.call('browser.close').catch(() => {}), new Promise((go) => setTimeout(go, 3000))]);
    child.kill('SIGKILL');
    await until(ended, 'Firefox ends');
    rmSync(profile, { recursive: true, force: true });
  };
  return new Browser(bidi, stop);
}

class Browser {
  constructor(bidi, stop) {
    this.bidi = bidi;
    this.close = stop;
  }

  async newContext({ viewport }) {
    const { userContext } = await this.bidi.call('browser.createUserContext', { acceptInsecureCerts: true });
    return new Context(this.bidi, userContext, viewport);
  }
}

class Context {
  closed = false;

  constructor(bidi, id, viewport) {
    Object.assign(this, { bidi, id, viewport });
  }

  async newPage() {
    // A window of its own: of several tabs all but one are hidden, and a hidden console gets no updates.
    const { context } = await this.bidi.call('browsingContext.create', { type: 'window', userContext: this.id });
    await this.bidi.call('browsingContext.setViewport', { context, viewport: this.viewport });
    return new Page(this.bidi, context, this);
  }

  clearCookies() {
    return this.bidi.call('storage.deleteCookies', { partition: { type: 'storageKey', userContext: this.id } });
  }

  close() {
    this.closed = true;
    return this.bidi.call('browser.removeUserContext', { userContext: this.id });
  }
}

/** Among the errors here: lost connections, though the page has taken note of them, and decoders of a worker that ends. */
const HARMLESS = /^(The connection to wss?:|Firefox can.t establish a connection|AbortError: Shutdown)/;

/** What an event of BiDi is called here, and how it is told. */
const EVENTS = {
  request: ({ request }) => [{ url: () => request.url }],
  pageerror: ({ type, level, text }) => type === 'javascript' && level === 'error' && !HARMLESS.test(text) && [text],
  console: ({ type, level, text }) => type === 'console' && [{ type: () => (level === 'warn' ? 'warning' : level), text: () => text ?? '' }],
};

/** @param {string|RegExp} value @param {boolean} exact @returns {import('./finder.mjs').Wanted} */
const byText = (value, exact) => (value instanceof RegExp ? { by: 'text', value: '', pattern: value.source } : { by: 'text', value, exact });

class Page {
  #listeners = [];

  constructor(bidi, context, owner) {
    Object.assign(this, { bidi, id: context, owner });
    this.keyboard = new Keyboard(this);
    bidi.on('network.beforeRequestSent', (event) => this.#happened(['request'], event, event.context));
    bidi.on('log.entryAdded', (event) => this.#happened(['pageerror', 'console'], event, event.source.context));
  }

  #happened(names, event, context) {
    if (context !== this.id) return;
    for (const { name, listen } of this.#listeners) {
      const told = names.includes(name) && EVENTS[name](event);
      if (told) listen(...told);
    }
  }

  on(name, listen) {
    this.#listeners.push({ name, listen });
  }

  off(name, listen) {
    this.#listeners = this.#listeners.filter((one) => one.name !== name || one.listen !== listen);
  }

  context() {
    return this.owner;
  }

  setDefaultTimeout() {}
  isClosed() {
    return this.owner.closed;
  }

  async goto(url) {
    await this.bidi.call('browsingContext.navigate', { context: this.id, url, wait: 'complete' });
  }

  async reload() {
    await this.bidi.call('browsingContext.reload', { context: this.id, wait: 'complete' });
  }

  setViewportSize(viewport) {
    return this.bidi.call('browsingContext.setViewport', { context: this.id, viewport });
  }

  async screenshot({ path }) {
    const { data } = await this.bidi.call('browsingContext.captureScreenshot', { context: this.id });
    writeFileSync(path.replace(/([^/]*)$/, 'firefox-$1'), Buffer.from(data, 'base64'));
  }

  /** A function with what JSON can say as its argument and its answer, or an expression. */
  async evaluate(code, argument = null) {
    const call = typeof code === 'function' ? `(${code})(${JSON.stringify(argument)})` : code;
    const expression = `(async () => JSON.stringify(await (${call}) ?? null))()`;
    const target = { context: this.id };
    const answer = await this.bidi.call('script.evaluate', { expression, target, awaitPromise: true, userActivation: true });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return JSON.parse(answer.result.value);
  }

  locator(value) {
    return new Locator(this, { by: 'css', value });
  }
  getByTitle(value) {
    return new Locator(this, { by: 'title', value });
  }
  getByLabel(value, { exact = false } = {}) {
    return new Locator(this, { by: 'label', value, exact });
  }
  getByText(value, { exact = false } = {}) {
    return new Locator(this, byText(value, exact));
  }
  getByRole(value, { name, exact = false } = {}) {
    const named = name instanceof RegExp ? { pattern: name.source } : { name };
    return new Locator(this, { by: 'role', value, exact, ...named });
  }
}

class Locator {
  /** @param {Page} page @param {import('./finder.mjs').Wanted} wanted @param {number|null} index null: there must be one only */
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

  getByText(value, { exact = false } = {}) {
    return new Locator(this.page, { ...byText(value, exact), within: { ...this.wanted, at: this.index } });
  }

  /** @param {string} code of a function of the element and the argument; the element is undefined when there is none */
  #with(code, argument) {
    const { wanted, index } = this;
    const run = `((given) => { const all = (${find})(given.wanted);
      if (given.index === null && all.length > 1) throw new Error('ambiguous: ' + all.length + ' of ' + JSON.stringify(given.wanted));
      return (${code})(all.at(given.index ?? 0), given.argument); })`;
    return this.page.evaluate(`${run}(${JSON.stringify({ wanted, index, argument })})`);
  }

  #what(state) {
    return `${JSON.stringify(this.wanted)} is ${state}`;
  }

  waitFor({ state = 'visible' } = {}) {
    const code = state === 'detached' ? '(e) => !e' : '(e) => !!e && e.checkVisibility({ visibilityProperty: true })';
    return until(() => this.#with(code), this.#what(state));
  }

  async click() {
    const place = `(e) => {
      if (!e || e.disabled || !e.checkVisibility({ visibilityProperty: true })) return null;
      e.scrollIntoView({ block: 'nearest' });
      const box = e.getBoundingClientRect();
      return { x: Math.floor(box.x + box.width / 2), y: Math.floor(box.y + box.height / 2) };
    }`;
    let last = '';
    const { x, y } = await until(async () => {
      const now = await this.#with(place);
      const stands = now && JSON.stringify(now) === last; // what is still being laid out moves away from under the pointer
      last = JSON.stringify(now);
      return stands ? now : null;
    }, this.#what('there to be clicked'));
    const actions = [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
    await this.page.bidi.call('input.performActions', { context: this.page.id, actions: [{ type: 'pointer', id: 'mouse', actions }] });
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

  async check() {
    if (!(await this.#present('(e) => ({ on: e.checked })')).on) await this.click();
  }

  /** What this says of the element, as soon as there is one. */
  async #present(code) {
    return (await until(() => this.#with(`(e, argument) => e && { value: (${code})(e, argument) }`), this.#what('there'))).value;
  }

  textContent() {
    return this.#present('(e) => e.textContent');
  }
  getAttribute(name) {
    return this.#present(`(e) => e.getAttribute(${JSON.stringify(name)})`);
  }
  isDisabled() {
    return this.#present('(e) => e.disabled === true');
  }
  focus() {
    return this.#present('(e) => { e.focus(); return true; }');
  }
  evaluate(code) {
    return this.#present(String(code));
  }
  isVisible() {
    return this.#with('(e) => !!e && e.checkVisibility({ visibilityProperty: true })');
  }
  count() {
    return this.page.evaluate(`(${find})(${JSON.stringify(this.wanted)}).length`);
  }
}

/** Keys that are no characters, as WebDriver writes them. */
const KEYS = {
  Enter: '\uE006', Tab: '\uE004', Escape: '\uE00C', Backspace: '\uE003', Shift: '\uE008', Control: '\uE009', Alt: '\uE00A',
  Meta: '\uE03D', ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015', F12: '\uE03C',
};

class Keyboard {
  constructor(page) {
    this.page = page;
  }

  #act(actions) {
    const keys = { type: 'key', id: 'keyboard', actions };
    return this.page.bidi.call('input.performActions', { context: this.page.id, actions: [keys] });
  }

  down(key) {
    return this.#act([{ type: 'keyDown', value: KEYS[key] ?? key }]);
  }
  up(key) {
    return this.#act([{ type: 'keyUp', value: KEYS[key] ?? key }]);
  }
  press(key) {
    const value = KEYS[key] ?? key;
    return this.#act([{ type: 'keyDown', value }, { type: 'keyUp', value }]);
  }
  type(text) {
    return this.#act([...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]));
  }
}
