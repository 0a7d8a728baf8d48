/* Targets that come, change and go while the gateway runs, and who watches others notices nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rest } from '../vm/target/client.mjs';
import { TYPE, Viewer } from '../vm/target/console.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const [MODE, UPDATE, NO_PICTURE] = [0x82, 0x83, 0x84];
let gateway, rest, watcher;

const count = (viewer, type) => viewer.messages.filter(([first]) => first === type).length;
const targets = async () => (await rest.call('GET', '/targets')).body.targets;
const names = async () => (await targets()).map((target) => target.name);
const named = async (name) => (await targets()).find((target) => target.name === name);
const reload = (change) => {
  change(gateway.targets);
  gateway.reload();
};

/** Each update is counted at both ends and acked: one that was lost would end the connection, or begin it anew. */
async function undisturbed(viewer) {
  const before = count(viewer, UPDATE), blank = count(viewer, NO_PICTURE); // one, while a screen that rested begins
  await until(() => count(viewer, UPDATE) > before + 5, 'pictures go on');
  assert.equal(count(viewer, MODE), 1, 'the canvas was never begun anew');
  assert.equal(count(viewer, NO_PICTURE), blank);
  assert.ok(blank <= 1);
  assert.equal(count(viewer, TYPE.END), 0);
  assert.equal(viewer.closed, false);
}

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, desk: { machine: 'testcard' } });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
  watcher = await Viewer.open(rest, 'card');
  await until(() => count(watcher, UPDATE) > 0, 'there is a picture');
});
after(async () => {
  watcher?.destroy();
  await gateway?.destroy();
});

test('one comes, with its group and title, in the order of the configuration', async () => {
  reload((all) => (all.extra = { machine: 'testcard', group: 'lab', title: 'Drucker im zweiten Stock' }));
  const extra = await until(async () => {
    const now = await named('extra');
    return now?.health.state === 'ok' && now;
  }, 'the new one is listed');
  assert.deepEqual([extra.group, extra.title, extra.health.state], ['lab', 'Drucker im zweiten Stock', 'ok']);
  assert.deepEqual(await names(), ['card', 'desk', 'extra']);
  const viewer = await Viewer.open(rest, 'extra');
  await until(() => count(viewer, UPDATE) > 0, 'the new one gives pictures');
  viewer.destroy();
  await undisturbed(watcher);
});

test('what is soft changes under its viewers', async () => {
  const viewer = await Viewer.open(rest, 'extra');
  await until(() => count(viewer, UPDATE) > 0, 'there is a picture');
  reload((all) => Object.assign(all.extra, { title: 'Elsewhere', seat: 'shared' }));
  await until(async () => (await named('extra')).title === 'Elsewhere', 'the title is the new one');
  assert.equal((await named('extra')).seat.shared, true);
  await undisturbed(viewer);
  viewer.destroy();
  await undisturbed(watcher);
});

test('what is hard makes that one anew, and its viewers come back', async () => {
  const viewer = await Viewer.open(rest, 'extra');
  await until(() => count(viewer, UPDATE) > 0, 'there is a picture');
  reload((all) => (all.extra.format = 'nv12'));
  const end = await viewer.message(TYPE.END);
  assert.equal(end[1], 1, 'gone, and the page connects again');
  const again = await until(() => Viewer.open(rest, 'extra').catch(() => null), 'it can be watched again');
  await until(() => count(again, UPDATE) > 0, 'it gives pictures');
  again.destroy();
  await undisturbed(watcher);
});

test('one goes: its viewers are told, its page is over', async () => {
  const viewer = await Viewer.open(rest, 'extra');
  reload((all) => delete all.extra);
  const end = await viewer.message(TYPE.END);
  assert.equal(end[1], 7);
  assert.match(end.toString('utf8', 4), /^The target extra was removed by its administrator\.$/);
  await until(async () => (await names()).join() === 'card,desk', 'it is listed no more');
  assert.equal((await rest.call('GET', '/targets/extra')).status, 404);
  await undisturbed(watcher);
});

const MACRO = { title: 'Hello', steps: [{ do: 'text', text: 'hello' }, { do: 'pause', ms: 60000 }] };
const macros = async (target) => ((await rest.call('GET', `/targets/${target}/macros`)).body.macros ?? []).map(({ name }) => name);

test('macros outlive a line that a file lost, and go with a target that somebody removes', async () => {
  reload((all) => (all.extra = { machine: 'testcard' }));
  await until(() => named('extra'), 'it is there');
  await rest.ok('PUT', '/targets/extra/macros/hello', MACRO);
  reload((all) => delete all.extra);
  await until(async () => !(await named('extra')), 'it is gone');
  reload((all) => (all.extra = { machine: 'testcard' }));
  await until(async () => (await macros('extra')).includes('hello'), 'it comes back with its macros');
  reload((all) => delete all.extra);
  await until(async () => !(await named('extra')), 'it is gone again');

  await rest.ok('POST', '/targets', { name: 'made', settings: { machine: 'testcard' } });
  await until(() => named('made'), 'it was made');
  await rest.ok('PUT', '/targets/made/macros/hello', MACRO);
  assert.deepEqual(await macros('made'), ['hello']);
  await rest.ok('DELETE', '/targets/made?force=1');
  await until(async () => !(await named('made')), 'it was removed');
  await rest.ok('POST', '/targets', { name: 'made', settings: { machine: 'testcard' } });
  await until(async () => (await rest.call('GET', '/targets/made/macros')).status === 200, 'another one has its name');
  assert.deepEqual(await macros('made'), []);
  await rest.ok('DELETE', '/targets/made?force=1');
  await undisturbed(watcher);
});

test('one that is recorded and typed on goes when that has ended, and tells of it', async () => {
  reload((all) => (all.extra = { machine: 'testcard' }));
  await until(() => named('extra'), 'it is there');
  await rest.ok('PUT', '/targets/extra/macros/hello', MACRO);
  const { id } = await rest.ok('POST', '/targets/extra/recording', { action: 'start' });
  await until(async () => (await rest.ok('GET', `/recordings/${id}`)).frames >= 3, 'something is recorded');
  await rest.ok('POST', '/targets/extra/macros/hello/run', {});
  reload((all) => (all.extra.format = 'nv12'));
  const recording = await until(async () => {
    const now = await rest.ok('GET', `/recordings/${id}`);
    return !now.running && now;
  }, 'the recording has ended');
  assert.equal(recording.ended, 'The target is set up anew.');
  const texts = async () => (await rest.call('GET', '/targets/extra/events')).body.events?.map(({ kind, tone, text }) => `${kind} ${tone} ${text}`) ?? [];
  const [ended, began] = await until(async () => (await texts()).length >= 2 && texts(), 'the one in its place tells of it');
  assert.match(ended, /^recording warn The recording by anna has ended after \d+ s: The target is set up anew\.$/);
  assert.equal(began, 'recording info anna records the screen.');
  const told = (await rest.call('GET', '/targets/extra/events')).body.events.map(({ id, args }) => [id, ...args]);
  assert.deepEqual(told[0].toSpliced(2, 1), ['recording-broken', 'anna', 'The target is set up anew.']);
  assert.match(told[0][2], /^\d+$/);
  assert.deepEqual(told[1], ['recording-began', 'anna']);
  reload((all) => delete all.extra);
  await until(async () => !(await named('extra')), 'it is gone');
  await undisturbed(watcher);
});

test('a file with a mistake changes nothing', async () => {
  reload((all) => (all.extra = { machine: 'teapot' }));
  await until(() => /all stays as it is/.test(gateway.log), 'it is refused');
  assert.deepEqual(await names(), ['card', 'desk']);
  delete gateway.targets.extra;
  await undisturbed(watcher);
});

test('200 of them come at once and go again', async () => {
  reload((all) => {
    for (let i = 0; i < 200; i++) all[`many-${i}`] = { machine: 'testcard', group: `g${i % 10}` };
  });
  await until(async () => (await names()).length === 202, 'all are there');
  await until(async () => (await rest.call('GET', '/targets/many-137/screenshot?width=160&format=jpeg')).status === 200, 'one of them gives a picture');
  await undisturbed(watcher);
  reload((all) => {
    for (let i = 0; i < 200; i++) delete all[`many-${i}`];
  });
  await until(async () => (await names()).length === 2, 'all are gone');
  await undisturbed(watcher);
});

test('a gateway that is killed between two changes ends in the same state', async () => {
  watcher.destroy();
  for (const [from, to] of [['desk', 'table'], ['table', 'desk']]) {
    reload((all) => {
      delete all[from];
      all[to] = { machine: 'testcard' };
    });
    await gateway.kill('gateway');
    await until(async () => (await names().catch(() => [])).join() === `card,${to}`, 'the next one knows the change');
  }
});
