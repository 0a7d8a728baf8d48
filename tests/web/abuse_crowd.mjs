/* abuse_crowd.mjs PORT MANY ADDRESSES WAY...: keeps so many connections up, in these ways of ATTACKS in turn, until its
 * input ends; then says how many it opened. A process of its own, so that it takes nothing from who measures. */
import { ATTACKS, sleep } from './abuse.mjs';

const [port, many, addresses] = process.argv.slice(2, 5).map(Number);
const ways = process.argv.slice(5).map((name) => ATTACKS[name]);
let over = false, opened = 0;

/** @param {number} i */
function open(i) {
  opened++;
  return ways[i % ways.length](port, `127.0.1.${1 + (i % addresses)}`);
}

process.stdin.on('end', () => (over = true)).resume();
/** @type {import('node:net').Socket[]} */ const sockets = [];
for (let i = 0; i < many && !over; i++) {
  sockets.push(open(i));
  if (i % 20 === 19) await sleep(10);
}
process.stdout.write('up\n');
while (!over) {
  await sleep(100);
  let n = 0; // what was turned away comes again
  for (let i = 0; i < sockets.length && n < 20; i++)
    if (sockets[i].destroyed) {
      sockets[i] = open(i);
      n++;
    }
}
process.stdout.write(`${opened}\n`, () => process.exit(0));
