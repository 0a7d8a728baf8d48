/* Who may type, as people see it: two of them on a real gateway, and every state of it from one that says what the tests
 * want. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, assertQuiet, button, capture, launch, newPage, newUser, openConsole, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { FakeGateway } from './fake_gateway.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, anna, ben;

before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard', 'seat-idle': 8 }, desk: { machine: 'testcard' } });
  await gateway.start();
  anna = await newPage(browser);
  await setUp(anna, gateway);
  ben = await newUser(browser, anna, gateway, 'ben', 'Operator');
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

const says = (page, words) => page.locator('status-strip').getByText(words).waitFor();

test('one asks, the other is told and gives it', async () => {
  await openConsole(anna, gateway, 'desk');
  await capture(anna);
  await openConsole(ben, gateway, 'desk');
  await says(ben, 'anna types');
  assert.equal(await button(ben, 'Take over').isVisible(), false, 'an Operator does not take over');
  await button(ben, 'Ask for keyboard').click();
  await says(ben, 'Waiting for anna’s answer');
  await anna.getByText('ben asks for the keyboard.').waitFor();
  await checkView(anna, 'seat-asked');
  await checkView(ben, 'seat-waiting');
  await button(anna, 'Refuse').click();
  await ben.getByText('anna keeps the keyboard.').waitFor();
  await button(ben, 'Ask for keyboard').click();
  await button(anna, 'Give').click();
  await ben.getByText('You have the keyboard.').waitFor();
  await says(anna, 'ben types');
  await capture(ben);
});

test('who configures the target takes over, and the one who typed is told', async () => {
  await button(anna, 'Take over').click();
  await ben.getByText('anna has the keyboard now.').waitFor();
  await capture(anna);
  assert.equal((await ask(ben, 'POST', '/targets/desk/seat', { action: 'take' })).status, 403);
  assert.equal((await ask(ben, 'POST', '/targets/desk/keys', { keys: ['a'], force: true })).status, 409);
  assert.equal((await ask(anna, 'POST', '/targets/desk/keys', { keys: ['a'] })).status, 204, 'the holder types over REST too');
  const steps = [{ do: 'move', x: 5, y: 5 }, { do: 'click' }];
  assert.equal((await ask(ben, 'POST', '/targets/desk/pointer', { steps, force: true })).status, 409);
  assert.equal((await ask(anna, 'POST', '/targets/desk/pointer', { steps })).status, 204, 'and points');
});

test('a shared keyboard is everybody’s, until it is not', async () => {
  await button(anna, 'More').click();
  await anna.getByRole('menuitemcheckbox', { name: 'Shared keyboard' }).click();
  await says(ben, / · shared/);
  await capture(ben);
  await capture(anna);
  await button(anna, 'More').click();
  await anna.getByRole('menuitemcheckbox', { name: 'Shared keyboard' }).click();
  await says(ben, 'anna types');
});

test('a holder that does nothing loses it, and is told', async () => {
  await openConsole(anna, gateway, 'card');
  await openConsole(ben, gateway, 'card');
  await until(async () => (await ask(anna, 'GET', '/targets/card')).body.viewers === 2, 'both look at it'); // whoever came first has it
  await ask(anna, 'POST', '/targets/card/seat', { action: 'release' });
  await button(ben, 'Take keyboard').click(); // only now, as his time begins
  await capture(ben);
  await ben.keyboard.press('a'); // from now on nothing
  await says(anna, 'ben has the keyboard, idle');
  await ben.getByText('You did nothing for a while').first().waitFor();
  await says(anna, 'Nobody types');
});

test('whose right to type is taken away stops typing at once', async () => {
  await openConsole(anna, gateway, 'desk');
  await openConsole(ben, gateway, 'desk');
  await until(async () => (await ask(anna, 'GET', '/targets/desk')).body.viewers === 2, 'both look at it'); // whoever came first has it
  await ask(anna, 'POST', '/targets/desk/seat', { action: 'release' });
  await ask(ben, 'POST', '/targets/desk/seat', { action: 'release' });
  await button(ben, 'Take keyboard').click();
  await capture(ben);
  await ben.keyboard.down('Shift');
  const begun = Date.now();
  assert.ok((await ask(anna, 'PATCH', '/users/ben', { role: 'ReadOnly' })).status < 300);
  await until(async () => (await ask(anna, 'GET', '/targets/desk/seat')).body.holder === null, 'the keyboard is free');
  console.log(`# right to type taken away: free after ${Date.now() - begun} ms`);
  await says(ben, 'You may look, not type');
  await until(() => button(ben, 'Take keyboard').isHidden(), 'nor take it');
});

test('every change stands in the audit log', async () => {
  const { events } = (await ask(anna, 'GET', '/events?limit=200')).body;
  const lines = events.filter(({ what }) => what === 'seat').map(({ who, target, detail }) => `${who} ${target} ${detail}`);
  for (const line of ['ben desk asked of anna', 'anna desk refused to ben', 'anna desk granted to ben', 'anna desk taken over from ben', 'anna desk shared', 'anna desk exclusive', 'gateway card released, as it was idle, from ben'])
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
  assert.equal(CREDENTIALS.user, 'anna');
  assertQuiet(anna);
  assertQuiet(ben);
});

/* ---- every state, from a gateway that says it ---- */

test('many ask, and each is answered for itself', async (t) => {
  const fake = await FakeGateway.create();
  t.after(() => fake.destroy());
  const page = await newPage(browser, { viewport: { width: 360, height: 740 } });
  await openConsole(page, fake, 'pc');
  const console = await fake.connection(0);
  console.mode(320, 200);
  const askers = [{ number: 7, name: 'ben' }, { number: 8, name: 'cal with a long name that has to wrap somewhere' }];
  console.seats({ flags: ['mine', 'mayType', 'mayTake'], viewers: 4, holder: 1, name: 'anna', askers });
  await page.getByText('ben asks for the keyboard.').waitFor();
  await checkView(page, 'small-seat-asked');
  await page.locator('.notice', { hasText: 'cal' }).getByRole('button', { name: 'Refuse' }).click();
  await until(() => console.seatActs.includes('refuse 8'), 'cal is refused');
  console.seats({ flags: ['mine', 'mayType', 'mayTake'], viewers: 4, holder: 1, name: 'anna', askers: [askers[0]] });
  await page.locator('.notice', { hasText: 'cal' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Dismiss' }).click(); // the answer can wait: it stands in the menu
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: 'Give the keyboard to ben' }).click();
  await until(() => console.seatActs.includes('grant 7'), 'ben is given it');
  console.seats({ flags: ['mayType', 'mayTake', 'asking', 'idle'], viewers: 4, holder: 2, name: 'ben', idleSeconds: 125, askers: [{ number: 9, mine: true, name: 'anna' }] });
  await page.getByText('for 2 minutes').waitFor();
  await checkView(page, 'small-seat-idle');
  await button(page, 'Do not ask').click();
  await until(() => console.seatActs.includes('release'), 'the request is withdrawn');
  assertQuiet(page);
  await page.context().close();
});
