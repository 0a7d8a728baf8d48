/* A film of the real gateway in the page's player, by nothing but what every browser of ours can be asked: it plays to its
 * end, seeks, steps, and shows what the target showed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, launch, newPage, setUp } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, page;

/** What the film's element says. */
const film = () =>
  page.evaluate(() => {
    const v = document.querySelector('video');
    return v && { ready: v.readyState, at: v.currentTime, length: v.duration, ended: v.ended, seeking: v.seeking, width: v.videoWidth, height: v.videoHeight };
  });

before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  page = await newPage(browser);
  await setUp(page, gateway);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

test('a film plays, seeks and steps', async () => {
  const { id } = (await ask(page, 'POST', '/targets/card/recording', { action: 'start' })).body;
  await until(async () => (await ask(page, 'GET', `/recordings/${id}`)).body.duration > 6000, 'six seconds are recorded');
  const { duration } = (await ask(page, 'POST', '/targets/card/recording', { action: 'stop' })).body;
  await page.goto(`${gateway.url}/#/recordings/${id}`);
  await until(async () => (await film())?.ready >= 2, 'the film is there');
  const { length, width, height } = await film();
  assert.deepEqual([width, height], [1280, 720]);
  assert.ok(Math.abs(length * 1000 - duration) < 100, `${length} s of ${duration} ms`);
  await page.evaluate(() => {
    const v = document.querySelector('video');
    v.playbackRate = 4;
    return v.play();
  });
  await until(async () => (await film()).ended, 'it has played to its end');
  assert.ok(Math.abs((await film()).at * 1000 - duration) < 400);
  for (const place of [3.1, 0, 5.5]) {
    await page.evaluate((at) => { document.querySelector('video').currentTime = at; }, place);
    await until(async () => !(await film()).seeking && (await film()).ready >= 2, `there is a picture of ${place} s`);
  }
  await page.evaluate(() => document.querySelector('[aria-label="Picture before (,)"]').click());
  await until(async () => (await film()).at < 5.5 && !(await film()).seeking, 'the picture before');
});

test('its colours are the target’s', async () => {
  await page.evaluate(() => { document.querySelector('video').currentTime = 2; });
  await until(async () => !(await film()).seeking && (await film()).ready >= 2, 'it is there');
  const colours = await page.evaluate(() => {
    const v = document.querySelector('video');
    const canvas = new OffscreenCanvas(v.videoWidth, v.videoHeight);
    const context = canvas.getContext('2d');
    context.drawImage(v, 0, 0);
    // in the middle of each of the eight bars, above where the box moves first
    return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [...context.getImageData(80 + 160 * i, 60, 1, 1).data].slice(0, 3));
  });
  const bars = [[255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0], [255, 0, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]];
  const off = bars.map((bar, i) => Math.max(...bar.map((value, k) => Math.abs(value - colours[i][k]))));
  assert.ok(off.filter((worst) => worst <= 8).length >= 7, `${JSON.stringify(colours)}`); // the box may stand on one
});
