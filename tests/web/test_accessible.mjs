/* Every view and dialog: no finding by axe-core in light and dark, no sideways scrolling at 360 px and at 300 % zoom,
 * by keyboard alone, and in forced colours. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, labelled, launch, logIn, newPage, setUp, shot } from './browser.mjs';
import { faults } from './check_view.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { consoleStates, openPicture, pageStates, recordShortly, wordsOf } from './states.mjs';
import { until } from './until.mjs';

const t = wordsOf('en');
let gateway, browser, film;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, another: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const check = async (page, name) => {
  assert.deepEqual(await faults(page, name), []);
  await shot(page, name);
};

/** All states, one after the other; what is wrong is told at the end. @param {string[]} schemes */
async function walk(page, prefix, schemes, rules) {
  const wrong = [];
  const each = async (states) => {
    for (const { name, open, close } of states) {
      await open(page);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        wrong.push(...(await faults(page, `${prefix}-${name}-${colorScheme}`, rules)));
      }
      await close?.(page);
    }
  };
  await each(pageStates(t, gateway, { film, user: CREDENTIALS.user }));
  await openPicture(page, gateway, 'card');
  await each(consoleStates(t));
  assert.deepEqual(wrong, []);
  assertQuiet(page);
}

/** A page of somebody who is in, gone when the test is over: nobody else could type meanwhile. */
async function entered(test_, options) {
  const page = await newPage(browser, options);
  test_.after(() => page.context().close());
  await page.goto(gateway.url);
  await logIn(page);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  return page;
}

test('set-up and login', async () => {
  const page = await newPage(browser, { colorScheme: 'light' });
  await page.goto(gateway.url);
  await labelled(page, 'Set-up secret').waitFor();
  await check(page, 'light-set-up');
  await page.emulateMedia({ colorScheme: 'dark' });
  await check(page, 'dark-set-up');
  await page.setViewportSize({ width: 360, height: 740 });
  await check(page, 'small-set-up');
  await setUp(page, gateway);
  await page.context().clearCookies();
  await page.reload();
  await labelled(page, 'Password').waitFor();
  await check(page, 'small-login');
  assertQuiet(page);
  await page.context().close();
});

test('every view and dialog, light and dark', async (test_) => {
  const page = await entered(test_, {});
  film = await recordShortly(page, 'card');
  await walk(page, 'wide', ['light', 'dark']);
});

test('every view and dialog on a telephone', async (test_) => {
  const page = await entered(test_, { viewport: { width: 360, height: 740 }, hasTouch: true });
  await walk(page, 'small', ['dark']);
});

test('every view and dialog at 300 % zoom, in forced colours', async (test_) => {
  const page = await entered(test_, { viewport: { width: 427, height: 267 }, forcedColors: 'active' }); // of 1280 x 800
  await walk(page, 'zoomed', ['light'], null); // axe-core knows no forced colours
});

test('by keyboard alone: log in, open a console, leave the capture, open and close the power menu', async () => {
  const page = await newPage(browser);
  const active = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || '');
  const tabTo = (name) =>
    until(async () => {
      if ((await active()) === name) return true;
      await page.keyboard.press('Tab');
      return (await active()) === name;
    }, `Tab leads to ${name}`);

  await page.goto(gateway.url);
  await labelled(page, 'User name').waitFor();
  await page.keyboard.type(CREDENTIALS.user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(CREDENTIALS.password);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'card', exact: true }).waitFor();
  await tabTo('card');
  await page.keyboard.press('Enter');
  await page.getByText('Your keys go to the target').waitFor();

  for (const key of ['Control', 'Alt', 'Shift', 'Enter']) await page.keyboard.down(key);
  for (const key of ['Enter', 'Shift', 'Alt', 'Control']) await page.keyboard.up(key);
  await until(async () => (await active()) === 'Ctrl+Alt+Del', 'the keys are the toolbar’s');
  await until(async () => {
    await page.keyboard.press('ArrowRight');
    return (await active()) === 'Power';
  }, 'arrows lead to Power');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Shut down (ACPI)' }).waitFor();
  await page.keyboard.press('Escape');
  await until(async () => (await active()) === 'Power', 'the focus is where it was');
  assertQuiet(page);
  await page.context().close();
});

test('by keyboard alone: Tab reaches all of the overview, seen; Escape closes a menu and a dialog, and the focus returns', async (test_) => {
  const page = await entered(test_, {});
  await page.locator('target-card').first().waitFor();
  const reached = new Set();
  const focus = () =>
    page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const styles = [one, one.closest('target-card')].map((shown) => shown && getComputedStyle(shown));
      const seen = styles.some((style) => style && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'));
      return { name: one.getAttribute('aria-label') || one.textContent || '', seen };
    });
  const wanted = ['Overview', 'Wall', 'Recordings', CREDENTIALS.user, t('targets.search'), t('targets.choice.all'), t('targets.lines'), 'card'];
  for (let i = 0; i < 40 && !wanted.every((name) => reached.has(name)); i++) {
    await page.keyboard.press('Tab');
    const now = await focus();
    if (!now) continue;
    reached.add(now.name);
    assert.ok(now.seen, `the focus of ${now.name} is seen`);
  }
  assert.deepEqual(wanted.filter((name) => !reached.has(name)), [], 'all was reached');

  await page.getByRole('link', { name: 'card', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  const on = (name) => until(async () => (await focus())?.name === name, `the focus is on ${name}`);
  await on('another'); // arrows lead from card to card

  const corner = page.getByRole('button', { name: CREDENTIALS.user, exact: true });
  await corner.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: t('app.account'), exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await on(CREDENTIALS.user);
  await page.keyboard.press('Enter');
  await on(t('app.account')); // the first entry
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] [role="tab"]').first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await on(CREDENTIALS.user);
  assertQuiet(page);
});
