/* The states of the page: how each is reached and left, in the page's language. test_accessible.mjs asks axe-core about
 * them, all_shots.mjs takes their pictures. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './browser.mjs';
import { root } from './gateway.mjs';
import { until } from './until.mjs';

/** @param {string} language @returns {(key: string, values?: Record<string, string|number>) => string} */
export function wordsOf(language) {
  const folder = join(root, 'html5-client/messages', language);
  const all = Object.assign({}, ...readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))));
  return (key, values = {}) => {
    const text = all[key];
    if (text === undefined) throw new Error(`no message ${key}`);
    const whole = typeof text === 'string' ? text : (values.count === 1 && text.one) || text.other;
    return whole.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  };
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();

/** Of a menu, whatever kind its entries are. */
async function entry(page, menu, name) {
  await press(page, menu);
  await page.locator('[popover]:popover-open').getByText(name, { exact: true }).click();
}

const dialog = (page) => page.locator('dialog[open]').last().waitFor();
const isDialogGone = (page) => page.locator('dialog[open]').waitFor({ state: 'detached' });

/** Escape, until no dialog is there: an image picker or a step within may take one. */
export async function closeDialog(page) {
  await page.keyboard.press('Escape');
  await isDialogGone(page);
}

/** @typedef {{name: string, open: (page: any) => Promise<void>, close?: (page: any) => Promise<void>}} State */

const menu = (name, words) => ({
  name: `menu-${name}`,
  open: async (page) => {
    await press(page, words);
    await page.locator('[popover]:popover-open').waitFor();
  },
  close: (page) => page.keyboard.press('Escape'),
});

/** Of the console of a target with a picture. @returns {State[]} */
export function consoleStates(t) {
  const more = t('console.more');
  const inMore = (name, key) => ({ name, open: (page) => entry(page, more, t(key)).then(() => dialog(page)), close: closeDialog });
  const inKeys = (name, key) => ({ name, open: (page) => entry(page, t('keys.menu'), t(key)).then(() => dialog(page)), close: closeDialog });
  return [
    { name: 'console', open: async () => {} },
    menu('keys', t('keys.menu')),
    menu('power', t('console.power')),
    menu('size', t('console.size')),
    menu('more', more),
    {
      name: 'figures',
      open: (page) => press(page, t('picture.figures')).then(() => page.getByRole('heading', { name: t('picture.figures') }).waitFor()),
      close: (page) => press(page, t('picture.figures-close')),
    },
    {
      name: 'region',
      open: (page) => entry(page, more, t('picture.select-entry')).then(() => page.locator('region-select, .region-panel, .region-select').first().waitFor()),
      close: (page) => page.keyboard.press('Escape'),
    },
    {
      name: 'screen-keyboard',
      open: (page) => entry(page, t('keys.menu'), t('keys.screen-keyboard')).then(() => page.getByRole('button', { name: t('keys.close-keyboard'), exact: true }).waitFor()),
      close: (page) => press(page, t('keys.close-keyboard')),
    },
    { name: 'type-text', open: (page) => openTool(page, t, 'paste.tool').then(() => dialog(page)), close: closeDialog },
    { name: 'media', open: (page) => openTool(page, t, 'media.media').then(() => page.locator('dialog h3, dialog li').first().waitFor()), close: closeDialog },
    inKeys('chords', 'keys.all-chords'),
    inKeys('macros', 'keys.macros-open'),
    inMore('help', 'keys.help-open'),
    inMore('touch-help', 'touch.help'),
    inMore('record', 'recordings.begin'),
    {
      name: 'viewers',
      open: (page) => page.getByRole('button', { name: t('picture.viewers', { count: 1 }), exact: true }).click().then(() => dialog(page)),
      close: closeDialog,
    },
  ];
}

/** A tool, or where there is no room for it its entry in the last menu. */
async function openTool(page, t, key) {
  const name = t(key);
  const tool = page.getByRole('button', { name, exact: true }).first();
  if (await tool.isVisible()) return tool.click();
  await entry(page, t('console.more'), name);
}

export const SECTIONS = ['gateway', 'targets', 'users', 'certificates', 'directory', 'media', 'dongles', 'backup', 'audit', 'about'];

/** Wants a console with a picture that this page shows. @param {string} target */
export async function openPicture(page, gateway, target) {
  await page.goto(`${gateway.url}/#/targets/${target}`);
  await page.locator('console-view').waitFor();
  await until(() => page.evaluate(() => document.querySelector('console-screen')?.hasPicture ?? false), 'there is a picture');
  await until(() => page.evaluate(() => /\d/.test(document.querySelector('status-strip')?.textContent ?? '')), 'there are figures');
}

/** (It is busy from when it has its title on.) */
async function sectionReady(page, title) {
  await page.getByRole('heading', { name: title, exact: true }).first().waitFor();
  await page.locator('.settings-room:not([aria-busy]) > *').first().waitFor();
}

/** Of the pages with a head. @param {any} gateway @param {{film: string, user: string}} known @returns {State[]} */
export function pageStates(t, gateway, { film, user }) {
  const at = (name, hash, ready) => ({ name, open: (page) => page.goto(`${gateway.url}/#/${hash}`).then(() => ready(page)) });
  const cards = (page) => page.locator('target-card').first().waitFor();
  const title = (page) => page.locator('h1').first().waitFor();
  const lines = (page) => press(page, t('targets.lines'));
  const account = async (page) => {
    await press(page, user);
    await page.getByRole('menuitem', { name: t('app.account'), exact: true }).click();
    await page.locator('dialog [role="tab"]').first().waitFor();
  };
  const tabs = [0, 1, 2, 3].map((number) => ({
    name: `account-${number}`,
    open: async (page) => {
      await account(page);
      await page.locator('dialog [role="tab"]').nth(number).click();
      await page.locator('dialog [role="tabpanel"]:not([hidden]) > :visible').first().waitFor();
    },
    close: closeDialog,
  }));
  return [
    at('list', '', (page) => cards(page).then(() => page.locator('target-card img:not([hidden])').first().waitFor())),
    menu('user', user),
    { name: 'menu-list-power', open: (page) => page.locator('target-card [data-act]').first().click().then(() => page.locator('[popover]:popover-open [role="menuitem"]').first().waitFor()), close: (page) => page.keyboard.press('Escape') },
    { name: 'list-lines', open: lines, close: lines },
    {
      name: 'list-nothing-found',
      open: (page) => page.getByRole('searchbox').fill('nobody is called so').then(() => page.locator('.empty:not([hidden])').waitFor()),
      close: (page) => press(page, t('targets.show-all')),
    },
    ...tabs,
    at('wall', 'wall', (page) => until(() => page.evaluate(() => [...document.querySelectorAll('wall-tile console-screen')].some((one) => one.hasPicture)), 'the wall lives')),
    at('wall-9', 'wall/9', (page) => until(() => page.evaluate(() => [...document.querySelectorAll('wall-tile console-screen')].some((one) => one.hasPicture)), 'the wall lives')),
    at('recordings', 'recordings', (page) => page.locator('h1').first().waitFor()),
    ...(film ? [at('recording', `recordings/${film}`, title)] : []),
    ...SECTIONS.map((section) => at(`settings-${section}`, `settings/${section}`, (page) => sectionReady(page, t(`settings.section.${section}`)))),
  ];
}

/** A short recording and its name. @param {any} page one that is logged in */
export async function recordShortly(page, target) {
  const act = async (body) => (await ask(page, 'POST', `/targets/${target}/recording`, body)).body;
  const { id } = await act({ action: 'start', kind: 'video', note: 'The first' });
  const now = async () => (await ask(page, 'GET', `/recordings/${id}`)).body;
  await until(async () => (await now()).duration >= 1500 && (await now()).frames >= 10, 'something is recorded');
  await act({ action: 'stop' });
  return id;
}
