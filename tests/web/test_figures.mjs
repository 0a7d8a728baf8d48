/* The panel of figures: what it tells comes from the gateway's stage times and byte counts, which are asked for only while
 * it is open; the tint shows which cells are inexact. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { body, op } from './bodies.mjs';
import { assertQuiet, button, labelled, launch, newPage, openConsole, shot } from './browser.mjs';
import { FakeGateway } from './fake_gateway.mjs';
import { until } from './until.mjs';

const WHOLE = [0, 0, 20, 12];
let gateway, browser, page, connection;

before(async () => {
  gateway = await FakeGateway.create();
  browser = await launch();
  page = await newPage(browser);
  await openConsole(page, gateway, 'pc');
  connection = await gateway.connection(0);
  connection.mode(312, 192);
  await connection.acked(connection.update(body([op.solid(WHOLE, [30, 90, 30])]), { exact: true }));
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

const panel = () => page.locator('.figures-panel');
/** Its text, the cells of a row parted by blanks. */
const text = () => panel().evaluate((element) => [...element.querySelectorAll('tr, p')].map((row) => [...row.childNodes].map((node) => node.textContent).join(' ')).join('\n'));

test('nobody asks for stage times while the panel is closed', () => assert.equal(connection.watching, false));

test('open, it tells each stage, the way of a key, and the rate of each sort of content', async () => {
  await button(page, 'Figures').click();
  await until(() => connection.watching, 'the page asks for stage times');
  assert.equal(await button(page, 'Figures').getAttribute('aria-expanded'), 'true');
  connection.stats({ roundTrip: 40000, text: 1000 });
  for (let n = 0; n < 10; n++) // 1.5, 2.5, 12, 3 ms
    connection.update(body([op.solid([n, 0, 1, 1], [n, n, n])]), { times: [150, 250, 1200, 300] });
  await until(() => text().then((words) => /Encode 12 12/.test(words)), 'the encode is told');
  let video = 0;
  await until(async () => {
    video += 10e6;
    connection.stats({ roundTrip: 40000, text: 1000, video }); // what is older than 3 s is no rate any more
    return /Video [\d.,]+ Mbit/.test(await text());
  }, 'the rate of video is told');
  const words = await text();
  assert.match(words, /Find what changed 1\.5/);
  assert.match(words, /Network 20/);
  assert.match(words, /Text and drawings 0 kbit/);
  const total = Number(/All together (\d+)/.exec(words)?.[1]);
  assert.ok(total >= 39 && total < 10000, `${total} ms from capture to canvas`);
  const key = Number(/From a key to its picture about (\d+) ms/.exec(words)?.[1]);
  assert.ok(Math.abs(key - total - 20) <= 1, `${key} ms for a key`);
  await shot(page, 'figures');
});

/** Opacity of the tint's cells, row by row; null: there is none. */
const tint = () =>
  page.evaluate(() => {
    const canvas = document.querySelector('canvas.tint');
    if (!canvas) return null;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return { columns: canvas.width, cells: Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] > 0) };
  });

test('the tint lies over what is inexact, and goes when it becomes exact', async () => {
  await labelled(page, 'Tint what is not exact yet').click();
  connection.update(body([op.mark([3, 2, 2, 1])]));
  const seen = await until(async () => {
    const now = await tint();
    return now?.cells.some(Boolean) ? now : null;
  }, 'cells are tinted');
  assert.equal(seen.columns, 20);
  assert.deepEqual(seen.cells.flatMap((on, i) => (on ? [i] : [])), [2 * 20 + 3, 2 * 20 + 4]);
  await shot(page, 'tint');
  connection.update(body([op.solid([3, 2, 2, 1], [1, 2, 3])]), { exact: true });
  await until(async () => !(await tint()).cells.some(Boolean), 'nothing is tinted any more');
});

test('after a lost connection the stage times are asked for again', async () => {
  connection.socket.destroy();
  connection = await gateway.connection(1);
  await until(() => connection.watching, 'the page asks again');
  connection.mode(312, 192);
});

test('Escape closes it, the focus goes back to its button, and nobody asks any more', async () => {
  await labelled(page, 'Tint what is not exact yet').focus();
  await page.keyboard.press('Escape');
  await until(() => panel().isHidden(), 'it is closed');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Figures');
  await until(() => !connection.watching, 'the page asks no more');
  await until(async () => (await tint()) === null, 'the tint is gone');
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
