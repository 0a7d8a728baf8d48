/* Debian's Chromium, driven by playwright-core, or with LIGHTSOUT_BROWSER=firefox its Firefox ESR (firefox.mjs); and what
 * tests do on the page again and again. */
import assert from 'node:assert/strict';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { launchFirefox } from './firefox.mjs';
import { CREDENTIALS, root } from './gateway.mjs';
import { until } from './until.mjs';

const packages = process.env.LIGHTSOUT_NODE ?? join(root, 'build/node');
const require = createRequire(join(packages, 'package.json'));
const { chromium } = require('playwright-core');
/** No wait of a test for a page is meant to be this long, on whatever machine. */
const HANG_MS = 90000;
export const shots = join(root, 'build/web-shots');

/** @param {string} program */
function onPath(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      continue;
    }
  }
  throw new Error(`${program} is not on the PATH: install the package ${program}`);
}

export const inFirefox = process.env.LIGHTSOUT_BROWSER === 'firefox';
/** Of a test of what depends little on the browser, where time is short. */
export const once = { skip: inFirefox && 'shown in Chromium' };

/** Chromium loads two pages of its own behind the address bar of each window, which takes as long as ours. What it is told
 * last is all that it leaves out, so this says again what playwright does. */
function withoutPopups() {
  const { chromiumSwitches } = require(join(packages, 'node_modules/playwright-core/lib/server/chromium/chromiumSwitches.js'));
  const off = chromiumSwitches().find((/** @type {string} */ word) => word.startsWith('--disable-features='));
  return `${off},WebUIOmniboxPopup,WebUIOmniboxAimPopup`;
}

/** @param {string[]} [more] Chromium's options */
export function launch(more = []) {
  if (inFirefox) return launchFirefox(onPath('firefox-esr'));
  const args = ['--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', withoutPopups(), ...more];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  return chromium.launch({ executablePath: onPath('chromium'), headless: true, args, timeout: 2 * HANG_MS });
}

/** The text of a package's file. @param {string} name */
export const packageFile = (name) => require.resolve(name);

/** What the browser says that no test expects; answers that refuse something are logged as errors too. */
const EXPECTED = /Failed to load resource: the server responded with a status of (401|403|404|409|412|422|429|503|507)|net::ERR_/;

/** A page that remembers its complaints: `complaints(page)`. */
export async function newPage(browser, options = {}) {
  const usual = { ignoreHTTPSErrors: true, locale: 'en-US', reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } };
  const context = await browser.newContext({ ...usual, ...options });
  context.setDefaultTimeout?.(HANG_MS); // of what is asked beside its pages
  return openTab(context);
}

export async function openTab(context) {
  const page = await context.newPage();
  page.said = [];
  page.on('pageerror', (error) => page.said.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) page.said.push(message.text());
  });
  page.setDefaultTimeout(HANG_MS);
  return page;
}

export const complaints = (page) => page.said;

export async function shot(page, name) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

export const labelled = (page, label) => page.getByLabel(label, { exact: true });
export const button = (page, name) => page.getByRole('button', { name, exact: true });

/** The first administrator, made through the page, which then shows the list. */
export async function setUp(page, gateway) {
  await page.goto(gateway.url);
  await labelled(page, 'Set-up secret').fill(gateway.secret);
  await labelled(page, 'User name').fill(CREDENTIALS.user);
  await labelled(page, 'Password').fill(CREDENTIALS.password);
  await labelled(page, 'Password again').fill(CREDENTIALS.password);
  await button(page, 'Create administrator').click();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
}

export async function logIn(page, { user, password } = CREDENTIALS) {
  await labelled(page, 'User name').fill(user);
  await labelled(page, 'Password').fill(password);
  await button(page, 'Log in').click();
}

/** Somebody else's page, who is made by the one of `page`. @param {string} role */
export async function newUser(browser, page, gateway, name, role) {
  const password = `the lamp of ${name} is lit`;
  assert.equal((await ask(page, 'POST', '/users', { name, password, role })).status, 201);
  const other = await newPage(browser);
  await other.goto(gateway.url);
  await logIn(other, { user: name, password });
  await other.getByRole('heading', { name: 'Targets' }).waitFor();
  return other;
}

/** The page itself asks: with its session, and as it would. @param {string} path below /api/v1 @returns {Promise<{status: number, body: any}>} */
export const ask = (page, method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const options = { method: how, headers: what ? { 'Content-Type': 'application/json' } : {}, body: what ? JSON.stringify(what) : undefined };
      const response = await fetch(`/api/v1${where}`, options);
      return { status: response.status, body: await response.json().catch(() => null) };
    },
    [method, path, body],
  );

/** @param {string} target */
export async function openConsole(page, gateway, target) {
  await page.goto(`${gateway.url}/#/targets/${target}`);
  await page.locator('console-view').waitFor();
}

/** What the canvas holds: {width, height, exact, hash}; null while there is no console. */
export const canvasHash = (page) =>
  page.evaluate(() => document.querySelector('console-screen')?.hashPixels() ?? null);

/** Colours at points of the canvas, as 'rrggbb'. @param {[number, number][]} points */
export const coloursAt = (page, points) =>
  page.evaluate(async (at) => {
    const { width, pixels } = await document.querySelector('console-screen').readPixels({ canvas: true });
    const hex = (/** @type {number} */ i) => pixels[i].toString(16).padStart(2, '0');
    return at.map(([x, y]) => [0, 1, 2].map((c) => hex((y * width + x) * 4 + c)).join(''));
  }, points);

/** Gives the picture the focus and waits until this page holds the seat. */
export async function capture(page) {
  const captured = () => {
    document.querySelector('console-screen')?.focusPicture();
    return document.querySelector('console-view')?.dataset.captured === 'true';
  };
  await until(() => page.evaluate(captured), 'the page has the keyboard');
}

export function assertQuiet(page) {
  assert.deepEqual(complaints(page), [], 'the browser has nothing to complain about');
}
