/* A gateway whose clock was never set: said once, and set from the browser by who may. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, launch, newPage } from './browser.mjs';
import { FakeGateway, sessionWith } from './fake_gateway.mjs';

let gateway, browser, page, set;

before(async () => {
  gateway = await FakeGateway.create();
  gateway.answers['GET /api/v1/system'] = { clock: { synchronised: false, time: 86400000 } };
  gateway.answers['POST /api/v1/system/clock'] = ({ time }) => {
    set = time;
    return { clock: { synchronised: false, time } };
  };
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const role = (rights) => {
  gateway.answers['GET /api/v1/session'] = sessionWith(rights);
};
const line = () => page.locator('.notice', { hasText: 'clock shows' });

test('who may not set it reads of it', async () => {
  role(['view']);
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await line().waitFor();
  assert.equal(await button(page, 'Set from this browser').count(), 0);
  assertQuiet(page);
});

test('who may sets it', async () => {
  role(['view', 'configure']);
  page = await newPage(browser);
  await page.goto(`${gateway.url}/#/`);
  await line().waitFor();
  await button(page, 'Set from this browser').click();
  await page.locator('.notice', { hasText: 'was set' }).waitFor();
  assert.ok(Math.abs(set - Date.now()) < 60000);
  await line().waitFor({ state: 'detached' });
  assertQuiet(page);
});
