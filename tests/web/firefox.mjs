/* Debian's own Firefox ESR, unpatched, through WebDriver BiDi: as much of playwright-core's page as these tests use. What
 * BiDi has no command for (colour schemes, keys as a system tells them, the clipboard) is asked of its own windows. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bidi } from './bidi.mjs';
import { Page } from './firefox_page.mjs';
import { until } from './until.mjs';

const PREFERENCES = {
  'ui.prefersReducedMotion': 1,
  // A headless one has no mouse else: it is fine, and hovers.
  'ui.primaryPointerCapabilities': 6,
  'ui.allPointerCapabilities': 6,
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
const EVENTS = ['log.entryAdded', 'network.beforeRequestSent', 'browsingContext.userPromptOpened', 'browsingContext.contextDestroyed'];

/** @param {string} program */
export async function launchFirefox(program) {
  const profile = mkdtempSync(join(tmpdir(), 'lightsout-firefox-'));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', '--remote-allow-system-access', 'about:blank'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const url = await until(() => {
    if (ended()) throw new Error(`firefox-esr ended:\n${said}`);
    return /WebDriver BiDi listening on (\S+)/.exec(said)?.[1];
  }, 'Firefox listens', 180000);
  const bidi = await Bidi.connect(`${url}/session`);
  const unhandledPromptBehavior = { default: 'ignore', beforeUnload: 'ignore' }; // the page answers them
  await bidi.call('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true, unhandledPromptBehavior } } });
  await bidi.call('session.subscribe', { events: EVENTS });
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

  async newContext(options) {
    const { userContext } = await this.bidi.call('browser.createUserContext', { acceptInsecureCerts: true });
    return new Context(this.bidi, userContext, options);
  }
}

class Context {
  closed = false;

  /** @param {{viewport: {width: number, height: number}, colorScheme?: string, forcedColors?: string}} options */
  constructor(bidi, id, { viewport, colorScheme = 'light', forcedColors = 'none' }) {
    Object.assign(this, { bidi, id, viewport, media: { colorScheme, forcedColors } });
  }

  async newPage() {
    // A window of its own: of several tabs all but one are hidden, and a hidden console gets no updates.
    const { context } = await this.bidi.call('browsingContext.create', { type: 'window', userContext: this.id });
    await this.bidi.call('browsingContext.setViewport', { context, viewport: this.viewport });
    const page = new Page(this.bidi, context, this);
    await page.emulateMedia(this.media);
    return page;
  }

  clearCookies() {
    return this.bidi.call('storage.deleteCookies', { partition: { type: 'storageKey', userContext: this.id } });
  }

  close() {
    this.closed = true;
    return this.bidi.call('browser.removeUserContext', { userContext: this.id });
  }
}
