/* Pictures of every state of the page against a real gateway, for eyes: node tests/web/all_shots.mjs FOLDER [WIDTHS] [LANGUAGE]
 * Each at 360, 1280 and 3840 px (or those of WIDTHS, as 360,1280), light and dark. What cannot be reached is told and left
 * out; FORCED=1 takes them in forced colours, STATES=REGEXP only those whose names fit. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, labelled, launch, newPage, setUp } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { consoleStates, openPicture, pageStates, recordShortly, wordsOf } from './states.mjs';

const [folder, widths = '360,1280,3840', language = 'en'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node tests/web/all_shots.mjs FOLDER [WIDTHS] [LANGUAGE]');
const HEIGHTS = { 360: 740, 1280: 800, 3840: 2160 };
const LOCALES = { en: 'en-US', de: 'de-DE', es: 'es-ES', fr: 'fr-FR', zh: 'zh-CN' };
const only = new RegExp(process.env.STATES ?? '');
const t = wordsOf(language);
const forcedColors = process.env.FORCED ? 'active' : 'none';
mkdirSync(folder, { recursive: true });

const targets = { off: { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 1, group: 'lab' } };
for (const name of ['card', 'desk', 'front-door']) targets[name] = { machine: 'testcard', group: 'hall' };
targets.long = { machine: 'testcard', group: 'lab', title: 'A build machine with a rather long title that does not fit' };

const gateway = await Gateway.create(targets);
const browser = await launch();
const failed = [];

async function take(page, width, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce', forcedColors });
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) failed.push(`${width} ${name}: ${wide} px too wide`);
}

async function walk(page, width, states) {
  for (const { name, open, close } of states) {
    if (!only.test(name) && close) continue;
    try {
      await open(page);
      if (only.test(name)) await take(page, width, name);
      await close?.(page);
    } catch (error) {
      failed.push(`${width} ${name}: ${String(error).split('\n').slice(0, 4).join(' | ')}`);
      await page.screenshot({ path: join(folder, `${name}-${width}-failed.png`) }).catch(() => {});
      await page.reload().catch(() => {});
    }
  }
}

async function fillAndLogIn(page) {
  await labelled(page, t('app.user-name')).fill(CREDENTIALS.user);
  await page.getByLabel(t('app.password'), { exact: true }).fill(CREDENTIALS.password);
  await page.keyboard.press('Enter');
  await page.locator('target-card').first().waitFor();
}

try {
  await gateway.start();
  const first = await newPage(browser, { locale: LOCALES[language] });
  first.setDefaultTimeout(8000);
  await first.goto(gateway.url);
  await first.locator('form').waitFor();
  for (const width of widths.split(',')) {
    await first.setViewportSize({ width: Number(width), height: HEIGHTS[width] ?? 800 });
    await take(first, width, 'set-up');
  }
  const english = await newPage(browser);
  await setUp(english, gateway);
  await first.close();
  await ask(english, 'POST', '/targets/off/power', { action: 'hard-off' });
  await ask(english, 'POST', '/users', { name: 'ben', password: 'a candle in the loft', role: 'ReadOnly' });
  const film = await recordShortly(english, 'card').catch((error) => (failed.push(`recording: ${error}`), ''));
  await english.context().close();
  for (const width of widths.split(',')) {
    const page = await newPage(browser, { locale: LOCALES[language], viewport: { width: Number(width), height: HEIGHTS[width] ?? 800 }, hasTouch: Number(width) < 500 });
    page.setDefaultTimeout(6000);
    await page.goto(gateway.url);
    await page.locator('form').waitFor();
    await take(page, width, 'login');
    await fillAndLogIn(page);
    await walk(page, width, pageStates(t, gateway, { film, user: CREDENTIALS.user }));
    await page.goto(`${gateway.url}/#/targets/off`);
    await page.locator('console-view').waitFor();
    await page.getByRole('button', { name: t('picture.cover-power-on'), exact: true }).waitFor().catch(() => failed.push(`${width} console-off: no cover`));
    await take(page, width, 'console-off');
    await openPicture(page, gateway, 'card');
    await walk(page, width, consoleStates(t));
    for (const one of page.said) failed.push(`${width} said: ${one.slice(0, 300)}`);
    await page.context().close();
  }
} finally {
  await browser.close();
  await gateway.destroy();
}
console.log(failed.length ? failed.join('\n') : 'all were taken');
