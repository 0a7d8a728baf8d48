/* From the click on a target in the overview to its first whole picture, and what the browser loaded until then. */
import { until } from '../../tests/web/until.mjs';
import { newPage, openConsole } from '../../tests/web/browser.mjs';
import { CREDENTIALS } from '../../tests/web/gateway.mjs';
import { TARGET } from './machine.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const TIMES = Number(process.env.BENCH_OPENS ?? 15);
const FIRST_PICTURE_LIMIT_MS = 1000;
const WEIGHT_LIMIT = 250e3;

/** Runs in the page: clicks, and gives the milliseconds until the canvas holds an exact picture. */
async function open(target) {
  const link = [...document.querySelectorAll('a')].find((one) => one.getAttribute('href') === `#/targets/${target}`);
  const began = performance.now();
  link.click();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const screen = document.querySelector('console-screen');
    if (!screen?.hasPicture) continue;
    const { exact } = await screen.readPixels({ rect: { x: 0, y: 0, width: 1, height: 1 } });
    if (exact) return performance.now() - began;
  }
}

/** Bytes of bodies, as they came over the wire, of a page that begins anew and opens the console. */
async function weight({ browser, gateway }) {
  const page = await newPage(browser);
  const devtools = await page.context().newCDPSession(page);
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await devtools.send('Network.enable');
  await page.goto(gateway.url);
  await page.getByLabel('User name', { exact: true }).fill(CREDENTIALS.user);
  await page.getByLabel('Password', { exact: true }).fill(CREDENTIALS.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await openConsole(page, gateway, TARGET);
  await until(() => page.evaluate(() => document.querySelector('console-screen')?.hasPicture), 'the picture is there');
  await page.context().close();
  return bytes;
}

export async function openTarget(machine) {
  const page = await newPage(machine.browser);
  await page.context().addCookies(await machine.page.context().cookies());
  const took = [];
  for (let n = 0; n < TIMES; n++) {
    await page.goto(`${machine.gateway.url}/#/`);
    await page.locator(`a[href="#/targets/${TARGET}"]`).waitFor();
    took.push(await page.evaluate(open, TARGET));
  }
  await page.context().close();
  remark(`first picture after ${spread(took)} ms (least, p50, p90, p99, most)`);
  row('open', 'click', 'p50_ms', 'ms', quantile(took, 0.5), 'limit', FIRST_PICTURE_LIMIT_MS);
  row('open', 'click', 'worst_ms', 'ms', Math.max(...took), 'limit', FIRST_PICTURE_LIMIT_MS);
  const bytes = await weight(machine);
  remark(`${bytes} bytes until the first picture, headers included`);
  row('open', 'until-the-picture', 'loaded_bytes', 'B', bytes, 'limit', WEIGHT_LIMIT);
}
