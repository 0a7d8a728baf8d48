/* How fast a text comes to the host, beside how fast it takes reports from a program that does nothing but write them. */
import assert from 'node:assert/strict';
import { HANG_MS } from '../guest/guest.mjs';
import { until } from '../../web/until.mjs';

const ROWS = [[16, 'qwertyuiop'], [30, 'asdfghjkl'], [44, 'zxcvbnm'], [57, ' ']];
const codeOf = (/** @type {string} */ letter) =>
  ROWS.flatMap(([first, row]) => (`${row}`.includes(letter) ? [Number(first) + `${row}`.indexOf(letter)] : []))[0];
/** No letter stands twice in a row: each of them is one report, in which the one before goes up. */
const TEXT = 'the quick brown fox jumps over the lazy dog '.repeat(5);

/**
 * Presses a second, of the host's log from there on, as soon as all of them are in it: these and no others. NaN: on a
 * machine that is too busy the log itself has gaps, and says so.
 * @param {import('../guest/board.mjs').Board} board @param {number} from @param {number[]} codes
 */
async function pressesASecond(board, from, codes) {
  const late = () => / was read too late$/m.test(board.evdev.slice(from));
  await until(() => late() || board.presses(from).length >= codes.length, `the host has seen ${codes.length} keys`, HANG_MS);
  if (late()) return NaN;
  const seen = board.presses(from);
  assert.deepEqual(seen.map(({ code }) => code), codes);
  return (seen.length - 1) / (seen[seen.length - 1].at - seen[0].at);
}

/**
 * Characters a second of a text that is typed through the gateway, and reports a second that the host takes.
 * @param {import('../guest/board.mjs').Board} board
 * @param {(method: string, path: string, body?: object) => Promise<any>} call below the target
 */
export async function typingRate(board, call) {
  await until(() => (board.evdev.match(/ appears$/gm) ?? []).length >= 3, 'the host has a keyboard and pointers', HANG_MS);
  let from = board.evdev.length;
  await call('POST', '/type', { text: TEXT, force: true });
  // (nobody asks meanwhile: a TLS connection is work for the guest's one emulated core)
  const typed = await pressesASecond(board, from, [...TEXT].map(codeOf));
  await until(async () => (await call('GET', '/type')).state === 'done', 'the gateway is done with the text', HANG_MS);
  from = board.evdev.length;
  await board.ok(`/guest/hid-write /dev/hidg0 ${2 * TEXT.length}`);
  const taken = 2 * (await pressesASecond(board, from, [...TEXT].map(() => codeOf('a'))));
  return { typed, taken };
}
