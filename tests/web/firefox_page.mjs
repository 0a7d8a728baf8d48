/* A page of Firefox, as playwright's: where it goes, what it is asked, what it says. */
import { writeFileSync } from 'node:fs';
import { Keyboard, Mouse } from './firefox_input.mjs';
import { Locator, named } from './firefox_locator.mjs';
import { until } from './until.mjs';

/** Among the errors here: lost connections, though the page has taken note of them, and decoders of a worker that ends. */
const HARMLESS = /^(The connection to wss?:|Firefox can.t establish a connection|AbortError: Shutdown)/;

/** What an event of BiDi is called here, and how it is told. */
const EVENTS = {
  request: ({ request }) => [{ url: () => request.url }],
  pageerror: ({ type, level, text }) => type === 'javascript' && level === 'error' && !HARMLESS.test(text) && [text],
  console: ({ type, level, text }) => type === 'console' && [{ type: () => (level === 'warn' ? 'warning' : level), text: () => text ?? '' }],
  dialog: ({ type }, page) => [{ type: () => type, accept: () => page.answer(true), dismiss: () => page.answer(false) }],
  close: () => [],
};

export class Page {
  #listeners = [];
  /** The window that shows it, as a browsing context of its own; '' until it is asked for. */
  #window = '';
  #requestAt = 0;
  #closed = false;

  constructor(bidi, context, owner) {
    Object.assign(this, { bidi, id: context, owner });
    this.keyboard = new Keyboard(this);
    this.mouse = new Mouse(this);
    bidi.on('network.beforeRequestSent', (event) => this.#happened(['request'], event, event.context));
    bidi.on('log.entryAdded', (event) => this.#happened(['pageerror', 'console'], event, event.source.context));
    bidi.on('browsingContext.userPromptOpened', (event) => this.#happened(['dialog'], event, event.context));
    bidi.on('browsingContext.contextDestroyed', (event) => this.#happened(['close'], event, event.context));
    this.on('request', () => (this.#requestAt = Date.now()));
    this.on('close', () => (this.#closed = true));
  }

  #happened(names, event, context) {
    if (context !== this.id) return;
    const listeners = this.#listeners.filter(({ name }) => names.includes(name));
    if (names[0] === 'dialog' && !listeners.length) this.answer(event.type === 'beforeunload');
    for (const { name, listen } of listeners) {
      const told = EVENTS[name](event, this);
      if (told) listen(...told);
    }
  }

  on(name, listen) {
    this.#listeners.push({ name, listen });
  }

  off(name, listen) {
    this.#listeners = this.#listeners.filter((one) => one.name !== name || one.listen !== listen);
  }

  waitForEvent(name) {
    return new Promise((resolve) => {
      const once = (...told) => {
        this.off(name, once);
        resolve(told[0]);
      };
      this.on(name, once);
    });
  }

  /** @param {boolean} accept */
  answer(accept) {
    return this.bidi.call('browsingContext.handleUserPrompt', { context: this.id, accept });
  }

  context() {
    return this.owner;
  }

  setDefaultTimeout() {}
  isClosed() {
    return this.#closed || this.owner.closed;
  }

  async goto(url) {
    await this.bidi.call('browsingContext.navigate', { context: this.id, url, wait: 'complete' });
  }

  async reload() {
    await this.bidi.call('browsingContext.reload', { context: this.id, wait: 'complete' });
  }

  goBack() {
    return this.bidi.call('browsingContext.traverseHistory', { context: this.id, delta: -1 });
  }

  goForward() {
    return this.bidi.call('browsingContext.traverseHistory', { context: this.id, delta: 1 });
  }

  bringToFront() {
    return this.bidi.call('browsingContext.activate', { context: this.id });
  }

  /** With runBeforeUnload the page may ask first, and whoever calls this answers. */
  async close({ runBeforeUnload = false } = {}) {
    const closing = this.bidi.call('browsingContext.close', { context: this.id, promptUnload: runBeforeUnload });
    if (runBeforeUnload) closing.catch(() => {});
    else await closing;
  }

  setViewportSize(viewport) {
    return this.bidi.call('browsingContext.setViewport', { context: this.id, viewport });
  }

  /** Whatever load state: for what a page asks for behind what it shows. */
  waitForLoadState() {
    this.#requestAt = Date.now();
    return until(() => Date.now() - this.#requestAt > 500, 'nothing is asked for');
  }

  waitForFunction(code, argument) {
    return until(() => this.evaluate(code, argument), `it is true that ${code}`);
  }

  emulateMedia({ colorScheme, forcedColors }) {
    return this.inWindow(
      (media) => {
        const { browsingContext } = globalThis.gBrowser.selectedBrowser;
        if (media.colorScheme) browsingContext.prefersColorSchemeOverride = media.colorScheme;
        if (media.forcedColors) browsingContext.forcedColorsOverride = media.forcedColors;
      },
      { colorScheme, forcedColors },
    );
  }

  /** @param {(argument: any) => void} code runs in each document before its own */
  async addInitScript(code, argument = null) {
    const functionDeclaration = `() => { (${code})(${JSON.stringify(argument)}); }`;
    await this.bidi.call('script.addPreloadScript', { functionDeclaration, contexts: [this.id] });
  }

  async screenshot({ path }) {
    const { data } = await this.bidi.call('browsingContext.captureScreenshot', { context: this.id });
    writeFileSync(path.replace(/([^/]*)$/, 'firefox-$1'), Buffer.from(data, 'base64'));
  }

  /** A function with what JSON can say as its argument and its answer, or a script. */
  evaluate(code, argument = null) {
    return this.#evaluate(this.id, code, argument);
  }

  /** The same within the browser's own window, which may do everything. */
  async inWindow(code, argument = null) {
    this.#window ||= await this.#findWindow();
    return this.#evaluate(this.#window, code, argument);
  }

  async #evaluate(context, code, argument) {
    const told = `(async () => JSON.stringify(await (${code})(${JSON.stringify(argument)}) ?? null))()`;
    const result = await this.#run(context, typeof code === 'function' ? told : code);
    return typeof code === 'function' ? JSON.parse(result.value) : result.value;
  }

  async #run(context, expression) {
    const answer = await this.bidi.call('script.evaluate', { expression, target: { context }, awaitPromise: true, userActivation: true });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return answer.result;
  }

  async #findWindow() {
    const [mine] = (await this.bidi.call('browsingContext.getTree', { root: this.id, maxDepth: 0 })).contexts;
    const { contexts } = await this.bidi.call('browsingContext.getTree', { 'moz:scope': 'chrome', maxDepth: 0 });
    return contexts.find(({ clientWindow }) => clientWindow === mine.clientWindow).context;
  }

  /** A reference that commands of BiDi take. @param {string} expression of an element */
  async element(expression) {
    const { sharedId } = await this.#run(this.id, expression);
    return { sharedId };
  }

  /** As by the window's menu. @param {string} text @param {number} times so often */
  paste(text, times) {
    return this.inWindow(
      async ([piece, n]) => {
        await navigator.clipboard.writeText(piece.repeat(n));
        globalThis.goDoCommand('cmd_paste');
      },
      [text, times],
    );
  }

  title() {
    return this.evaluate(() => document.title);
  }

  locator(value, { hasText } = {}) {
    return new Locator(this, named('css', value, { hasText }));
  }
  getByTitle(value) {
    return new Locator(this, named('title', value));
  }
  getByLabel(value, options = {}) {
    return new Locator(this, named('label', value, options));
  }
  getByText(value, options = {}) {
    return new Locator(this, named('text', value, options));
  }
  getByRole(value, options = {}) {
    return new Locator(this, named('role', value, options));
  }
}
