/* Fingers, phones and zoom on a real gateway: what the page sends is what the gestures mean, the picture stands where it
 * should, and the phone's keyboard types. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertQuiet, button, capture, launch, logIn, newPage, openConsole, setUp, shot } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { Fingers, LYING, PHONE } from './fingers.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, page, fingers;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  browser = await launch();
  page = await newPage(browser, { ...PHONE, colorScheme: 'dark' });
  await setUp(page, gateway);
  await page.context().clearCookies();
  await page.reload();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** Keeps what the page sends to the gateway. */
const record = (where) =>
  where.evaluate(() => {
    const screen = document.querySelector('console-screen');
    const send = screen.send.bind(screen);
    window.sent = [];
    screen.send = (command) => {
      window.sent.push(command);
      send(command);
    };
  });

/** What was sent since it was asked last; pointer positions in target pixels. */
const sent = (where = page) =>
  where.evaluate(() => {
    const { picture } = document.querySelector('console-screen').view;
    const all = window.sent.splice(0).filter(({ type }) => /^(key|pointer|release)/.test(type));
    return all.map(({ type, usage, down, pointer }) => {
      if (type === 'key') return `${down ? '+' : '-'}${usage.toString(16)}`;
      if (!pointer) return { type };
      const at = { x: Math.round((pointer.x / 32767) * picture.width), y: Math.round((pointer.y / 32767) * picture.height) };
      return { type, ...pointer, ...(type === 'pointer-absolute' ? at : {}) };
    });
  });

const buttons = (commands) => commands.map((command) => command.buttons).filter((now, i, all) => i === 0 || now !== all[i - 1]);

/** Where a place of the picture is on the page, and back. */
const onPage = (x, y, where = page) => where.evaluate(([a, b]) => document.querySelector('console-screen').view.clientAt({ x: a, y: b }), [x, y]);
const inPicture = (x, y, where = page) => where.evaluate(([a, b]) => document.querySelector('console-screen').view.targetAt({ x: a, y: b }), [x, y]);
const scale = (where = page) => where.evaluate(() => document.querySelector('console-screen').view.scale);
const near = (one, other, slack) => assert.ok(Math.abs(one.x - other.x) <= slack && Math.abs(one.y - other.y) <= slack, `${JSON.stringify(one)} is not ${JSON.stringify(other)}`);
const released = () =>
  until(() => page.evaluate(() => { const { pointer, touch } = document.querySelector('console-screen').input; return pointer.buttons === 0 && !touch.any; }), 'no button is down');

test('a phone logs in and opens a console, with power and media below the picture', async () => {
  await logIn(page);
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  fingers = await Fingers.of(page);
  await openConsole(page, gateway, 'card');
  await capture(page);
  await record(page);
  for (const name of ['Power', 'Media', 'Keyboard', 'More']) {
    const box = await button(page, name).boundingBox();
    assert.ok(box.y + box.height > 740 - 64 && box.height >= 44 && box.width >= 44, `${name} is at ${JSON.stringify(box)}`);
  }
  await checkView(page, 'phone-console');
});

test('a tap clicks where it was tapped, two taps twice in one place', async () => {
  const { x, y } = await onPage(200, 100);
  await fingers.tap(x, y);
  await released();
  const commands = await sent();
  assert.deepEqual(buttons(commands), [0, 1, 0]);
  near(commands.at(-1), { x: 200, y: 100 }, 3);
  await Promise.all([fingers.tap(x, y), fingers.tap(x + 6, y - 5)]);
  await released();
  const twice = await sent();
  assert.deepEqual(buttons(twice), [0, 1, 0, 1, 0]);
  near(twice.at(-1), { x: 200, y: 100 }, 3);
});

test('held it is the right button, held and moved it drags, two fingers are the right one, three the middle one', async () => {
  const { x, y } = await onPage(600, 300);
  await fingers.down(x, y);
  await until(() => page.locator('.touch-ring[data-state="held"]').isVisible(), 'the ring is full');
  await fingers.up();
  await released();
  assert.deepEqual(buttons(await sent()), [0, 2, 0]);
  await fingers.down(x, y);
  await until(() => page.locator('.touch-ring[data-state="held"]').isVisible(), 'the ring is full');
  await fingers.slide({ 0: [[x, y], [x + 80, y]] });
  await page.getByText('Dragging', { exact: true }).waitFor();
  await fingers.up();
  await released();
  const dragged = await sent();
  assert.deepEqual(buttons(dragged), [0, 1, 0]);
  near(dragged.at(-1), await inPicture(x + 80, y), 3);
  await fingers.tapTogether([x, y], [x + 50, y]);
  await released();
  assert.deepEqual(buttons(await sent()), [0, 2, 0]);
  await fingers.tapTogether([x - 60, y], [x - 20, y], [x + 20, y]);
  await released();
  assert.deepEqual(buttons(await sent()), [0, 4, 0]);
});

test('what the system takes away releases, in the middle of a drag', async () => {
  const { x, y } = await onPage(300, 300);
  await fingers.down(x, y);
  await until(() => page.locator('.touch-ring[data-state="held"]').isVisible(), 'the ring is full');
  await fingers.slide({ 0: [[x, y], [x + 40, y]] });
  await until(async () => (await sent()).some((command) => command.buttons === 1), 'it drags');
  await fingers.cancel();
  await released();
  assert.equal((await sent()).at(-1).buttons, 0);
  await until(() => page.locator('.drag-badge').isHidden(), 'the badge is gone');
});

test('two fingers together turn the wheel, both ways', async () => {
  const { x, y } = await onPage(640, 360);
  for (const [to, sign] of [[y - 160, -1], [y + 160, 1]]) {
    await fingers.downTogether([x, y], [x + 50, y]);
    await fingers.slide({ 0: [[x, y], [x, to]], 1: [[x + 50, y], [x + 50, to]] });
    await fingers.up(0);
    await fingers.up(1);
    const turned = (await sent()).reduce((sum, command) => sum + (command.wheel ?? 0), 0);
    assert.ok(Math.sign(turned) === sign && Math.abs(turned) >= 2, `turned ${turned}`);
    await page.evaluate(() => document.querySelector('console-screen').input.touch.release()); // it would go on for a moment
  }
});

test('fingers apart zoom around themselves, the page itself never; one moves the view then', async () => {
  const before = await scale();
  const { x, y } = await onPage(640, 360);
  const point = await inPicture(x, y);
  await fingers.downTogether([x - 20, y], [x + 20, y]);
  await fingers.slide({ 0: [[x - 20, y], [x - 110, y]], 1: [[x + 20, y], [x + 110, y]] });
  await fingers.up(0);
  await fingers.up(1);
  assert.ok((await scale()) > 2 * before, `${before} became ${await scale()}`);
  near(await inPicture(x, y), point, 30);
  assert.equal(await page.evaluate(() => window.visualViewport.scale), 1);
  await page.locator('.zoom-figure').waitFor();
  await checkView(page, 'phone-zoomed');
  const middle = await inPicture(x, y);
  await fingers.swipe([x, y], [x + 60, y - 30]);
  near(await inPicture(x + 60, y - 30), middle, 3);
  assert.deepEqual((await sent()).filter((command) => command.buttons), [], 'nothing was clicked');
});

test('turned on its side, the phone shows the same place, with the buttons in a rail', async () => {
  const centre = () => page.evaluate(() => {
    const { left, top, width, height } = document.querySelector('console-screen').getBoundingClientRect();
    return document.querySelector('console-screen').view.targetAt({ x: left + width / 2, y: top + height / 2 });
  });
  const upright = await centre();
  await page.setViewportSize(LYING.viewport);
  await until(async () => (await button(page, 'Power').boundingBox()).x > 680, 'power is at the right');
  near(await centre(), upright, 4);
  await checkView(page, 'phone-lying');
  await page.setViewportSize(PHONE.viewport);
  await page.locator('.zoom-figure').click({ force: true });
  await until(() => page.evaluate(() => !document.querySelector('console-screen').view.overflows), 'all of it is shown');
});

test('as on a trackpad: sliding moves the pointer, a tap clicks where it is, a held drag goes on until a tap', async () => {
  await button(page, 'More').tap();
  await page.getByRole('menuitemcheckbox', { name: 'Fingers as on a trackpad' }).tap();
  await page.getByText('Slide to move the pointer, tap to click.').waitFor();
  await sent();
  const { x, y } = await onPage(640, 360);
  await fingers.swipe([x, y + 120], [x + 60, y + 120]);
  const moved = (await sent()).map((command) => command.x);
  assert.ok(moved.at(-1) - moved[0] > 100 && moved.every((at, i) => i === 0 || at >= moved[i - 1]), `${moved}`);
  await fingers.tap(20, y - 100);
  await released();
  const clicked = await sent();
  assert.deepEqual([...buttons(clicked), clicked.at(-1).x], [1, 0, moved.at(-1)]);
  await fingers.down(x, y);
  await until(() => page.locator('.touch-ring[data-state="held"]').isVisible(), 'the ring is full');
  await fingers.slide({ 0: [[x, y], [x - 40, y]] });
  await fingers.up();
  await page.getByText('Dragging goes on: tap to drop').waitFor();
  await shot(page, 'phone-drag-locked');
  assert.deepEqual(buttons(await sent()), [1]);
  await fingers.tap(x, y);
  await released();
  assert.deepEqual(buttons(await sent()), [0]);
});

test('a target that takes only movement gets only movement', async () => {
  const input = (relative) => page.evaluate((on) => document.querySelector('console-screen').input.setAbsolute(!on), relative);
  await input(true);
  await sent();
  await fingers.swipe([100, 300], [160, 330]);
  await fingers.tap(100, 300);
  await released();
  const commands = await sent();
  assert.ok(commands.every(({ type }) => type === 'pointer-relative'));
  assert.ok(commands.reduce((sum, { dx }) => sum + dx, 0) > 60);
  assert.deepEqual(buttons(commands), [0, 1, 0]);
  await input(false);
});

const field = () => page.evaluate(() => document.activeElement?.className);
const keys = (text) => [...text].flatMap((c) => { const usage = (0x04 + c.charCodeAt(0) - 97).toString(16); return [`+${usage}`, `-${usage}`]; });
/** Waits until so many strokes have been typed. */
async function typed(count) {
  const all = [];
  await until(async () => {
    all.push(...(await sent()).filter((one) => typeof one === 'string'));
    return all.length >= count;
  }, `${count} key events`);
  return all;
}

test('the phone’s keyboard: letters, a composition that is corrected, a whole word, Enter', async () => {
  await button(page, 'Keyboard').tap();
  await until(async () => (await field()) === 'soft-field', 'the phone has its keyboard');
  await page.getByText('Your keys go to the target').waitFor();
  await sent();
  await fingers.client.send('Input.insertText', { text: 'ls' });
  assert.deepEqual(await typed(4), keys('ls'));
  for (const text of ['t', 'te', 'teh']) await fingers.client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  assert.deepEqual(await typed(6), keys('teh'));
  await fingers.client.send('Input.insertText', { text: 'the' });
  assert.deepEqual(await typed(8), ['+2a', '-2a', '+2a', '-2a', ...keys('he')]);
  await page.keyboard.press('Enter');
  assert.deepEqual(await typed(2), ['+28', '-28']);
  await page.keyboard.press('Backspace');
  assert.deepEqual(await typed(2), ['+2a', '-2a'], 'what stood there before the field');
});

test('what no key can type is told, not lost in silence', async () => {
  await fingers.client.send('Input.insertText', { text: 'a😀你' });
  assert.deepEqual(await typed(2), keys('a'));
  const lacking = page.locator('.notice', { hasText: 'The layout us has no keys for 😀 and 你' });
  await lacking.waitFor();
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  assert.deepEqual(await typed(2), ['+2a', '-2a'], 'only what was typed is erased');
  await lacking.getByRole('button', { name: 'Other layout' }).tap();
  await page.getByRole('combobox').fill('fr');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use us' }).waitFor();
  await checkView(page, 'phone-layout');
  await page.keyboard.press('Escape');
  await button(page, 'Keyboard').tap();
  await button(page, 'Keyboard').tap();
  const instead = page.locator('.notice', { hasText: 'Layout: fr instead of us' });
  await instead.waitFor();
  await sent();
  await fingers.client.send('Input.insertText', { text: 'a' });
  assert.deepEqual(await typed(2), ['+14', '-14'], 'where a French keyboard has it');
  await instead.getByRole('button', { name: 'Other layout' }).tap();
  await button(page, 'Use us').tap();
  await page.keyboard.press('Escape');
  await button(page, 'Keyboard').tap();
  await button(page, 'Keyboard').tap();
  await sent();
  await fingers.client.send('Input.insertText', { text: 'a' });
  assert.deepEqual(await typed(2), keys('a'));
});

test('the row above it: Control once and locked, arrows as long as they are held, function keys', async () => {
  const row = (name) => page.locator('.key-row').getByRole('button', { name, exact: true });
  await row('Control').tap();
  await fingers.client.send('Input.insertText', { text: 'c' });
  assert.deepEqual(await typed(4), ['+e0', '+6', '-6', '-e0']);
  assert.equal(await field(), 'soft-field', 'the phone keeps its keyboard');
  await row('Alt').tap();
  await row('Alt').tap();
  await checkView(page, 'phone-typing');
  await row('Tab').tap();
  await row('Tab').tap();
  await row('Alt, locked').tap();
  assert.deepEqual(await typed(6), ['+e2', '+2b', '-2b', '+2b', '-2b', '-e2']);
  const box = await row('Up').boundingBox();
  await fingers.down(box.x + 20, box.y + 20);
  assert.deepEqual(await typed(1), ['+52']);
  await fingers.up();
  assert.deepEqual(await typed(1), ['-52']);
  await row('Function keys').tap();
  await row('F10').tap();
  assert.deepEqual(await typed(2), ['+43', '-43']);
  await row('Ctrl+Alt+Del').tap();
  assert.deepEqual(await typed(6), ['+e0', '+e2', '+4c', '-4c', '-e2', '-e0']);
  await shot(page, 'phone-function-keys');
  await row('Back to the first keys').tap();
});

test('a key of the row waits for what is still being typed', async () => {
  await fingers.client.send('Input.insertText', { text: 'abcdefghijklmnopqrst' });
  await page.locator('.key-row').getByRole('button', { name: 'Control', exact: true }).tap();
  await fingers.client.send('Input.insertText', { text: 'c' });
  assert.deepEqual(await typed(44), [...keys('abcdefghijklmnopqrst'), '+e0', ...keys('c'), '-e0']);
});

test('a modifier that is still down when the keyboard goes is released', async () => {
  await page.locator('.key-row').getByRole('button', { name: 'Shift', exact: true }).tap();
  assert.deepEqual(await typed(1), ['+e1']);
  await button(page, 'Keyboard').tap();
  assert.deepEqual(await typed(1), ['-e1']);
  await until(() => page.locator('.key-row').isHidden(), 'the row is gone');
});

test('the smallest phone: everything is within reach', async () => {
  await page.setViewportSize({ width: 320, height: 568 });
  await button(page, 'Power').waitFor();
  await button(page, 'Keyboard').tap();
  await checkView(page, 'phone-320');
  await button(page, 'Keyboard').tap();
  await button(page, 'More').tap();
  await page.getByRole('menuitem', { name: 'Type text' }).waitFor();
  await page.keyboard.press('Escape');
  await page.setViewportSize(PHONE.viewport);
  assertQuiet(page);
});

/** One pen event. @param {any} client @param {string} type @param {{x: number, y: number}} at @param {string} [which] @param {number} [down] */
const pen = (client, type, { x, y }, which = 'none', down = 0) =>
  client.send('Input.dispatchMouseEvent', { type, x, y, button: which, buttons: down, clickCount: which === 'none' ? 0 : 1, pointerType: 'pen', force: 0.7 });

test('a mouse zooms, turns and moves the view; positions follow, whatever the rotation; so does a pen', async () => {
  const desk = await newPage(browser);
  await desk.goto(gateway.url);
  await logIn(desk);
  await desk.getByRole('heading', { name: 'Targets' }).waitFor();
  await openConsole(desk, gateway, 'card');
  await button(desk, 'Take over').click();
  await capture(desk);
  await record(desk);
  const hover = async (x, y) => {
    const at = await onPage(x, y, desk);
    await desk.mouse.move(at.x, at.y);
    const last = await until(async () => (await sent(desk)).at(-1), 'the pointer was told');
    near(last, { x, y }, 3);
  };
  for (let turns = 0; turns < 4; turns++) {
    await hover(900, 200 + turns);
    await button(desk, 'Size').click();
    await desk.getByRole('menuitem', { name: 'Turn right' }).click();
  }
  assert.equal(await desk.evaluate(() => document.querySelector('console-screen').view.rotation), 0);
  const client = await desk.context().newCDPSession(desk);
  const at = await onPage(400, 200, desk);
  await pen(client, 'mouseMoved', at);
  near(await until(async () => (await sent(desk)).at(-1), 'the pen hovers'), { x: 400, y: 200 }, 3);
  for (const [which, down, wanted] of [['left', 1, 1], ['right', 2, 2]]) {
    await pen(client, 'mousePressed', at, which, down);
    await pen(client, 'mouseReleased', at, which);
    assert.deepEqual(buttons(await sent(desk)), [wanted, 0], 'its barrel button is the right one');
  }
  await button(desk, 'Size').focus(); // outside the capture these are the view's
  for (const [key, wanted] of [['1', 1], ['+', 1.5], ['+', 2]]) {
    await desk.keyboard.press(key);
    assert.equal(await scale(desk), wanted);
  }
  await capture(desk);
  await until(() => desk.evaluate(() => document.querySelector('.surface canvas').classList.contains('sharp')), 'whole scales are sharp');
  const box = await desk.locator('console-screen').boundingBox();
  await desk.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await desk.mouse.move(box.x + box.width - 3, box.y + box.height - 3);
  await until(async () => (await inPicture(box.x + box.width, box.y + box.height, desk)).x >= 1279, 'the rim moves the view to the end');
  await sent(desk);
  await desk.mouse.down();
  await desk.mouse.up();
  const { x, y } = await until(async () => (await sent(desk))[0], 'the click was told');
  near({ x, y }, { x: 1278, y: 718 }, 3);
  await shot(desk, 'desk-zoomed');
  await desk.mouse.wheel(0, -100);
  await desk.reload();
  await desk.locator('console-screen canvas').waitFor();
  await until(async () => (await scale(desk)) === 2, 'the view is kept for this target');
  assertQuiet(desk);
  await desk.context().close();
});
