/* Every view: no serious finding by axe-core in light and dark, no sideways scrolling at 360 px, keyboard alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, newPage, openConsole, packageFile, setUp, shot } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');
let gateway, browser;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, another: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

async function check(page, name) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axe};0`);
  const findings = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
  });
  assert.deepEqual(findings, [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
  await shot(page, name);
}

const views = async (page, prefix) => {
  await page.goto(`${gateway.url}/#/`);
  await page.locator('target-card img:not([hidden])').first().waitFor();
  await check(page, `${prefix}-list`);
  await openConsole(page, gateway, 'card');
  await page.locator('console-screen canvas').waitFor();
  await until(() => page.getByTitle('Round trip').textContent().then((text) => /\d/.test(text)), 'figures are there');
  await check(page, `${prefix}-console`);
  for (const name of ['Keys', 'Power', 'Size', 'More']) {
    await button(page, name).click();
    await check(page, `${prefix}-menu-${name.toLowerCase()}`);
    await page.keyboard.press('Escape');
  }
  await button(page, 'Figures').click();
  await page.getByRole('heading', { name: 'Figures' }).waitFor();
  await check(page, `${prefix}-figures`);
  await button(page, 'Close the figures').click();
  for (const [name, shown] of [['Type text', 'dialog'], ['Media', 'dialog h3, dialog li']]) {
    await button(page, name).click();
    await page.locator(shown).first().waitFor();
    await check(page, `${prefix}-${name.toLowerCase().replace(' ', '-')}`);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  }
};

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

for (const [name, options] of Object.entries({
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  small: { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
}))
  test(`list and console, ${name}`, async () => {
    const page = await newPage(browser, options);
    await page.goto(gateway.url);
    await labelled(page, 'User name').fill(CREDENTIALS.user);
    await labelled(page, 'Password').fill(CREDENTIALS.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Targets' }).waitFor();
    await views(page, name);
    assertQuiet(page);
    await page.context().close();
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
  assert.equal(await active(), 'Ctrl+Alt+Del');
  await until(async () => {
    await page.keyboard.press('ArrowRight');
    return (await active()) === 'Power';
  }, 'arrows lead to Power');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Shut down (ACPI)' }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await active(), 'Power');
  assertQuiet(page);
  await page.context().close();
});
