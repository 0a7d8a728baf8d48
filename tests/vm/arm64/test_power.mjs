/* Buttons through the REST interface on QEMU's arm64 machine, whose GPIO controller (PL061) is a real one for the kernel:
 * what the product does to its lines is what the kernel tells of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { HANG_MS } from '../guest/guest.mjs';
import { Rest } from '../target/client.mjs';

const CHIP = '9030000.pl061';
const [POWER, RESET] = [0, 1]; // lines

/** @type {Board} */ let board;
/** @type {Rest} */ let rest;

before(async () => {
  board = new Board('arm64');
  await board.bootBoard({
    capture: false,
    keys: { capture: '', 'gpio-power-button': `${CHIP}:${POWER}`, 'gpio-reset-button': `${CHIP}:${RESET},active-low`, 'press-short': 1000, 'press-long': 3000 },
  });
  await board.ok('mount -t debugfs debugfs /sys/kernel/debug');
  await board.launch();
  rest = new Rest(/** @type {any} */ (board));
  await rest.setUp();
});
after(() => {
  if (process.env.SHOW_LOG) console.log(board?.log);
  board?.destroy();
});

/** Writes "ms of the guest's uptime, level" of both lines whenever one has changed; until the file `enough` is there. */
const WATCH = `base=$(sed -n 's/^gpiochip.*GPIOs \\([0-9]*\\)-.*pl061.*/\\1/p' /sys/kernel/debug/gpio)
rm -f /share/enough; before=
until [ -e /share/enough ]; do
  now=$(sed -n "s/^ *gpio-$((base + ${POWER})) .* out \\(..\\).*/power \\1/p; s/^ *gpio-$((base + ${RESET})) .* out \\(..\\).*/reset \\1/p" /sys/kernel/debug/gpio | tr '\\n' ' ')
  [ "$now" = "$before" ] || echo "$(cut -d' ' -f1 /proc/uptime) $now"
  before=$now
done`;

/** What the lines did while this action was under way: their levels, and for how many seconds each. @param {string} action */
async function act(action) {
  const watch = board.start(WATCH);
  await until(() => board.result(watch).out !== '', 'the lines are watched', HANG_MS);
  const answer = await rest.call('POST', '/targets/pc/power', { action });
  await board.ok('touch /share/enough');
  await until(() => board.result(watch).code !== null, 'they no longer are', HANG_MS);
  const seen = board.result(watch).out.trim().split('\n').map((line) => line.trim().split(' '));
  console.log(`# ${action}: ${answer.status} ${JSON.stringify(seen)}`);
  return { answer, levels: seen.map(([, ...words]) => words.join(' ')), held: seen.length > 2 ? Number(seen[2][0]) - Number(seen[1][0]) : 0 };
}
const REST = 'power lo reset hi';

test('buttons rest from the start', async () => {
  const out = await board.ok('cat /sys/kernel/debug/gpio');
  console.log(`# ${out}`);
  assert.match(out, /out lo/);
});

test('reset presses the reset button, whose line is active low, and lets it go', async () => {
  const { answer, levels, held } = await act('reset');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(levels, [REST, 'power lo reset lo', REST]);
  assert.ok(held > 0.7, `it was held: ${held} s`);
});

test('hard-off holds the power button', async () => {
  const { answer, levels, held } = await act('hard-off');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(levels, [REST, 'power hi reset hi', REST]);
  assert.ok(held > 2.5, `it was held for long: ${held} s`);
});

test('the kernel complained of nothing', () => board.end());
