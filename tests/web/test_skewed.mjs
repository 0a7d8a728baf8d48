/* A browser whose clock is three days off, either way, on a real gateway: whoever logs in stays in, the console works, and every
 * time that is shown is the gateway's. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, canvasHash, capture, labelled, launch, logIn, newPage, openConsole, setUp } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const DAY_MS = 86400000;
let browser, gateway;
before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  await setUp(await newPage(browser), gateway);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** Runs before the page: its clock is so much ahead. @param {number} ms */
function shift(ms) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...values) {
      if (values.length) super(...values);
      else super(Real.now() + ms);
    }
    static now() {
      return Real.now() + ms;
    }
  };
}

/** Words and behind them today's date as the page writes it ("Nov 21, 2026"), or that of ten minutes ago. @param {string} words */
const today = (words) => {
  const days = [Date.now() - 600000, Date.now()].map((time) => new Date(time).toLocaleString('en-US', { dateStyle: 'medium' }));
  return new RegExp(`${words} (${days.join('|')})`);
};

/** @param {any} page @param {string} tab */
async function account(page, tab) {
  await button(page, CREDENTIALS.user).click();
  await page.getByRole('menuitem', { name: 'Account …', exact: true }).click();
  await page.getByRole('tab', { name: tab, exact: true }).click();
}

for (const days of [-3, 3])
  test(`a clock that is ${days} days off`, async () => {
    const page = await newPage(browser, { acceptDownloads: true });
    await page.addInitScript(shift, days * DAY_MS);
    await page.goto(`${gateway.url}/#/`);
    await logIn(page);
    await page.getByRole('heading', { name: 'Targets' }).waitFor();
    // A gateway that nobody keeps in time says what it shows, and leaves it to people which clock is wrong.
    for (const said of await page.locator('.notice').allTextContents()) assert.match(said, today('clock shows'));

    await openConsole(page, gateway, 'card');
    await capture(page);
    await until(async () => (await canvasHash(page))?.width > 1, 'there is a picture');
    await button(page, '1 viewer').click();
    await page.locator('.viewer-list li', { hasText: today('since') }).waitFor();
    await page.keyboard.press('Escape');
    const saved = page.waitForEvent('download');
    await button(page, 'More').click();
    await page.getByRole('menuitem', { name: 'Save screenshot' }).click();
    assert.match((await saved).suggestedFilename(), new RegExp(`^card_(${[Date.now() - 600000, Date.now()].map((time) => new Date(time).toISOString().slice(0, 10)).join('|')})`));

    await page.goto(`${gateway.url}/#/`);
    await account(page, 'Sessions');
    await page.getByText(today('Since')).first().waitFor();
    await page.getByRole('tab', { name: 'API tokens' }).click();
    await button(page, 'New token').click();
    await labelled(page, 'Name').fill(`for ${days} days`);
    await button(page, 'Make token').click();
    await button(page, 'I have kept it').click();
    await page.getByText(today('Made')).first().waitFor();
    assert.equal(await page.getByText(/, ended /).count(), 0, 'no token is over');
    await page.reload();
    await page.getByRole('heading', { name: 'Targets' }).waitFor();
    assertQuiet(page);
    await page.context().close();
  });
