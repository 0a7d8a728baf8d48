/* What goes wrong in a capture device, made by vivid's own controls, seen from the page's side: the picture comes back,
 * and errors are counted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { HANG_MS } from '../guest/guest.mjs';
import { Rest } from '../target/client.mjs';

/** @type {Board} */ let board;
/** @type {Rest} */ let rest;

before(async () => {
  board = new Board();
  await board.bootBoard();
  await board.launch();
  rest = new Rest(board);
  await rest.setUp();
  await pictureComes();
});
after(() => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
});

const get = (/** @type {string} */ path) => rest.ok('GET', `/targets/pc${path}`);
const vivid = (/** @type {string} */ control) => board.ok(`v4l2-ctl -d /dev/video0 -c ${control}=1`);

/** Three new pictures after now, and the signal is fine. */
async function pictureComes() {
  const begin = (await get('/capture')).statistics.published;
  await until(async () => (await get('/capture')).statistics.published >= begin + 3, 'pictures come', HANG_MS);
  await until(async () => (await get('')).signal.name === 'ok', 'the signal is fine', HANG_MS);
}

/** Another mode, so that capture starts anew. @param {string} name */
async function mode(name) {
  const number = new RegExp(`(\\d+): ${name}`).exec(await board.ok('v4l2-ctl -d /dev/video0 -L'))?.[1];
  await board.ok(`v4l2-ctl -d /dev/video0 -c dv_timings_signal_mode=4,dv_timings=${number}`);
}

const FAULTS = [
  ['inject_vidioc_qbuf_error', false],
  ['inject_vidioc_reqbufs_error', true],
  ['inject_vidioc_streamon_error', true],
  ['inject_v4l2_buf_flag_error', false],
];
for (const [i, [fault, atStart]] of FAULTS.entries())
  test(`${fault}: the picture comes back`, async () => {
    const { errors } = (await get('/capture')).statistics;
    await vivid(/** @type {string} */ (fault));
    if (atStart) await mode(i % 2 ? '800x600p60' : '1280x720p60');
    await until(async () => (await get('/capture')).statistics.errors > errors, 'the error is counted', HANG_MS);
    await pictureComes();
  });

test('nothing complained', async () => {
  assert.doesNotMatch(board.log, /AddressSanitizer|LeakSanitizer|runtime error:/);
  await board.end();
});
