/* Keys through the real page: what systems do to them, the keyboard on the screen, combinations, macros and the jiggler. In
 * every path what was pressed is released. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { body, op } from './bodies.mjs';
import { ask, assertQuiet, button, capture, inFirefox, labelled, launch, newPage, once, openConsole, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { FakeGateway } from './fake_gateway.mjs';
import { Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, fake, gateway;
before(async () => {
  browser = await launch();
  fake = await FakeGateway.create();
});
after(async () => {
  await browser?.close();
  fake?.destroy();
  await gateway?.destroy();
});

/** A console of the fake gateway whose keys are written down: "+e0 -e0", "all-up". */
async function typist({ platform = '', viewport = { width: 1280, height: 800 }, colorScheme = 'light', ...more } = {}) {
  const page = await newPage(browser, { viewport, colorScheme, ...more });
  if (platform) await page.addInitScript((name) => Object.defineProperty(navigator, 'userAgentData', { value: { platform: name } }), platform);
  const known = fake.consoles.length;
  await openConsole(page, fake, 'pc');
  const connection = await fake.connection(known);
  const keys = [];
  const received = connection.socket.onmessage;
  connection.socket.onmessage = (message) => {
    if (message[0] === 0x03) keys.push((message[1] ? '+' : '-') + message.readUInt16LE(2).toString(16));
    if (message[0] === 0x06) keys.push('all-up');
    received(message);
  };
  connection.mode(320, 200);
  connection.seats({ flags: ['mine', 'mayType'], holder: connection.number, name: 'anna' });
  await connection.acked(connection.update(body([op.solid([0, 0, 20, 13], [30, 60, 90])]), { exact: true }));
  await capture(page);
  return { page, connection, keys, leds: (bits) => connection.socket.send(Buffer.from([0x86, bits, 0, 0])) };
}

/** Events as a browser on that system gives them. */
const give = (page, events) =>
  page.evaluate((list) => {
    const surface = document.querySelector('.surface');
    for (const [type, code, more = {}] of list) {
      const event = new KeyboardEvent(type, { code, bubbles: true, cancelable: true, ...more });
      if (more.at !== undefined) Object.defineProperty(event, 'timeStamp', { value: more.at });
      surface.dispatchEvent(event);
    }
  }, events);

const saidSoFar = async (keys, wanted) => {
  await until(() => keys.join(' ').length >= wanted.length, `the target is told ${wanted}`).catch(() => {});
  assert.equal(keys.join(' '), wanted);
};

/** Nothing is down at the end. */
function assertReleased(keys) {
  const down = new Set();
  for (const key of keys) {
    if (key === 'all-up') down.clear();
    else if (key[0] === '+') down.add(key.slice(1));
    else down.delete(key.slice(1));
  }
  assert.deepEqual([...down], [], keys.join(' '));
}

test('Windows: AltGr, Shift with the number pad, Print Screen', async () => {
  const { page, keys } = await typist({ platform: 'Windows' });
  const altGr = { key: 'AltGraph', modifierAltGraph: true };
  await give(page, [
    ['keydown', 'ControlLeft', { at: 1000, ctrlKey: true }], ['keydown', 'AltRight', { at: 1000, ...altGr }],
    ['keydown', 'ControlLeft', { at: 1500, repeat: true }], ['keydown', 'AltRight', { at: 1500, repeat: true, ...altGr }],
    ['keydown', 'KeyQ', { at: 1600, key: '@', ...altGr }], ['keyup', 'KeyQ', { at: 1700, ...altGr }],
    ['keyup', 'ControlLeft', { at: 1800 }], ['keyup', 'AltRight', { at: 1800 }],
  ]);
  await saidSoFar(keys, '+e6 +14 -14 -e6');
  keys.length = 0;
  await give(page, [
    ['keydown', 'ShiftLeft', { at: 3000, shiftKey: true }], ['keyup', 'ShiftLeft', { at: 3100 }], ['keydown', 'Numpad7', { at: 3100, key: 'Home' }],
    ['keyup', 'Numpad7', { at: 3200, key: 'Home' }], ['keydown', 'ShiftLeft', { at: 3200, shiftKey: true }], ['keyup', 'ShiftLeft', { at: 3300 }],
  ]);
  await saidSoFar(keys, '+e1 +5f -5f -e1');
  keys.length = 0;
  await give(page, [['keyup', 'PrintScreen', { key: 'PrintScreen' }]]);
  await saidSoFar(keys, '+46 -46');
  assertQuiet(page);
  await page.context().close();
});

test('macOS: keys under Command go up with it, Caps Lock is tapped', async () => {
  const { page, keys } = await typist({ platform: 'macOS' });
  const meta = { metaKey: true };
  await give(page, [
    ['keydown', 'MetaLeft', meta], ['keydown', 'KeyC', meta], ['keydown', 'KeyV', meta], ['keydown', 'KeyV', meta], ['keyup', 'MetaLeft'],
    ['keydown', 'CapsLock', { modifierCapsLock: true }], ['keyup', 'CapsLock'],
  ]);
  await saidSoFar(keys, '+e3 +6 +19 -19 +19 -6 -19 -e3 +39 -39 +39 -39');
  await page.context().close();
});

test('whatever takes the keys away releases them; repeats are not sent; dead keys keep their place', async () => {
  const { page, keys } = await typist();
  await page.keyboard.down('a');
  await page.keyboard.down('a');
  await give(page, [['keydown', 'BracketLeft', { key: 'Dead' }], ['keydown', '', { key: 'Process' }], ['keydown', '', { key: 'Unidentified' }]]);
  await saidSoFar(keys, '+4 +2f');
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await saidSoFar(keys, '+4 +2f all-up');
  await page.keyboard.up('a');
  keys.length = 0;
  for (const [where, event] of [['document', 'fullscreenchange'], ['document', 'pointerlockchange'], ['document', 'visibilitychange'], ['window', 'pagehide']]) {
    await give(page, [['keydown', 'KeyB']]);
    await page.evaluate(([on, name]) => (on === 'window' ? window : document).dispatchEvent(new Event(name)), [where, event]);
    await saidSoFar(keys, '+5 all-up');
    keys.length = 0;
  }
  await give(page, [['keydown', 'KeyB']]);
  await page.evaluate(() => (location.hash = '#/'));
  await until(() => keys.includes('all-up'), 'leaving the view releases');
  await page.context().close();
});

test('keys as Linux tells Firefox of them, which first looks for its own', { skip: !inFirefox && 'for Firefox' }, async () => {
  const { page, keys } = await typist();
  const tap = (/** @type {string} */ key, /** @type {string} */ code) => /** @type {const} */ ([['keydown', key, code], ['keyup', key, code]]);
  const told = async (events, wanted) => {
    keys.length = 0;
    await page.keyboard.tell(events);
    await saidSoFar(keys, wanted);
  };
  await told([['keydown', 'AltGraph', 'AltRight'], ...tap('@', 'KeyQ'), ['keyup', 'AltGraph', 'AltRight']], '+e6 +14 -14 -e6');
  await told([...tap('Dead', 'BracketLeft'), ...tap('ê', 'KeyE'), ...tap('Multi_key', 'ContextMenu')], '+2f -2f +8 -8 +65 -65');
  await told([['keydown', 'Meta', 'MetaLeft'], ['keydown', 'c', 'KeyC'], ['keyup', 'Meta', 'MetaLeft'], ['keyup', 'c', 'KeyC']], '+e3 +6 -e3 -6');
  // its search, its menus, its text cursor, its tools, another zoom, a page back
  await told([...tap('/', 'Slash'), ...tap("'", 'Quote'), ...tap('Alt', 'AltLeft'), ...tap('F10', 'F10'), ...tap('F7', 'F7'), ...tap('F12', 'F12')],
    '+38 -38 +34 -34 +e2 -e2 +43 -43 +40 -40 +45 -45');
  await told([['keydown', 'Control', 'ControlLeft'], ...tap('f', 'KeyF'), ...tap('+', 'Equal'), ...tap('r', 'KeyR'), ['keyup', 'Control', 'ControlLeft']], '+e0 +9 -9 +2e -2e +15 -15 -e0');
  await told([['keydown', 'Alt', 'AltLeft'], ...tap('ArrowLeft', 'ArrowLeft'), ['keyup', 'Alt', 'AltLeft']], '+e2 +50 -50 -e2');
  await told([...tap('a', 'KeyA')], '+4 -4'); // the picture has the focus yet
  await page.keyboard.tell([['keydown', 'b', 'KeyB']]);
  await page.context().newPage(); // its window takes the focus
  await until(() => keys.at(-1) === 'all-up', 'another window releases');
  assertReleased(keys);
  assertQuiet(page);
  await page.context().close();
});

test('Ctrl+W does not close the tab unasked; whoever closes it by hand is not asked', async () => {
  const { page, keys } = await typist();
  await page.locator('.surface').click(); // a page that was never touched does not ask
  const asked = page.waitForEvent('dialog');
  if (!inFirefox) await page.keyboard.down('Control');
  const closing = inFirefox ? page.keyboard.tell([['keydown', 'Control', 'ControlLeft'], ['keydown', 'w', 'KeyW'], ['keyup', 'w', 'KeyW']]) : page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), 'beforeunload');
  await Promise.all([closing, dialog.dismiss()]);
  if (inFirefox) await page.keyboard.tell([['keyup', 'Control', 'ControlLeft']]);
  else await page.keyboard.up('Control');
  await saidSoFar(keys, '+e0 all-up');
  await page.keyboard.press('a');
  await saidSoFar(keys, '+e0 all-up +4 -4');
  assertQuiet(page);
  await Promise.all([page.waitForEvent('close'), page.close({ runBeforeUnload: true })]);
});

test('keys are tapped, and the wheel turns the other way and faster, where that was chosen', async () => {
  const { page, connection, keys } = await typist();
  const turns = [];
  const received = connection.socket.onmessage;
  connection.socket.onmessage = (message) => {
    if (message[0] === 0x04 && message.readInt8(6)) turns.push(message.readInt8(6));
    received(message);
  };
  await page.mouse.move(640, 400);
  await page.mouse.wheel(0, 120);
  await until(() => turns.length, 'the wheel turns');
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: 'Keyboard and mouse …' }).click();
  await labelled(page, 'The wheel turns the other way').check();
  await labelled(page, 'Speed of the wheel').selectOption('400 %');
  await labelled(page, 'Speed of a relative mouse and of the trackpad').selectOption('50 %');
  await page.getByLabel('Keys are only tapped').check();
  await page.keyboard.press('Escape');
  await page.mouse.move(650, 400);
  await capture(page);
  await page.mouse.wheel(0, 120);
  await until(() => turns.length === 2, 'it turns again');
  assert.equal(turns[1], -4 * turns[0]);
  keys.length = 0;
  await page.keyboard.down('Shift');
  await page.keyboard.down('a');
  await page.keyboard.down('a');
  await saidSoFar(keys, '+e1 +4 -4 +4 -4');
  await page.keyboard.up('a');
  await page.keyboard.up('Shift');
  await saidSoFar(keys, '+e1 +4 -4 +4 -4 -e1');
  await page.context().close();
});

test('full screen: the browser’s own keys reach the target too, and the way out is the same', { skip: inFirefox && 'it keeps its own' }, async () => {
  const { page, keys } = await typist();
  const full = () => page.evaluate(() => document.fullscreenElement !== null);
  await button(page, 'Full screen').click();
  await until(full, 'it is full screen');
  await capture(page);
  await page.getByText('System keys: target', { exact: true }).waitFor();
  keys.length = 0;
  for (const key of ['Escape', 'Meta+x', 'Alt+Tab', 'Control+w', 'F11']) await page.keyboard.press(key);
  await saidSoFar(keys, '+29 -29 +e3 +1b -1b -e3 +e2 +2b -2b -e2 +e0 +1a -1a -e0 +44 -44');
  assert.equal(await full(), true, 'Escape was the target’s');
  await page.keyboard.down('a');
  await page.evaluate(() => document.exitFullscreen());
  await until(() => keys.at(-1) === 'all-up', 'leaving it releases');
  await page.keyboard.up('a');
  await page.getByText('System keys: here', { exact: true }).waitFor();
  await page.evaluate(() => (navigator.keyboard.lock = () => Promise.reject(new Error('not here'))));
  await button(page, 'Full screen').click();
  await until(full, 'it is full screen without the lock');
  await capture(page);
  await page.getByText('System keys: here', { exact: true }).waitFor();
  assertQuiet(page);
  await page.context().close();
});

test('a relative mouse: locked by a click, moved by what it moves, free by the way out; and remembered', async () => {
  const { page, connection } = await typist();
  const moves = [];
  const listen = (to) => {
    const received = to.socket.onmessage;
    to.socket.onmessage = (message) => {
      if (message[0] === 0x05) moves.push([message[1], message.readInt16LE(2), message.readInt16LE(4), message.readInt8(6)]);
      if (message[0] === 0x06) moves.push('all-up');
      received(message);
    };
  };
  listen(connection);
  const locked = () => page.evaluate(() => document.pointerLockElement?.className ?? null);
  /** The event, which releases all, comes after the lock itself. */
  const lock = async () => {
    await page.evaluate(() => document.addEventListener('pointerlockchange', () => (window.lockTold = true), { once: true }));
    await page.mouse.click(640, 400);
    await until(() => page.evaluate(() => window.lockTold), 'the picture has the pointer');
    assert.equal(await locked(), 'surface');
  };
  const mode = async () => {
    await button(page, 'More').click();
    return page.getByRole('menuitemcheckbox', { name: 'Relative mouse' });
  };
  await (await mode()).click();
  await capture(page);
  await page.mouse.move(640, 400);
  await page.mouse.move(650, 400);
  assert.deepEqual(moves, [], 'not before it is locked');
  await lock();
  moves.length = 0;
  await page.mouse.move(670, 390);
  await until(() => moves.length === 1, 'the target is moved');
  await page.mouse.down({ button: 'right' });
  await page.mouse.wheel(0, 120);
  await page.keyboard.press('Control+Alt+Shift+Enter');
  await until(() => moves.at(-1) === 'all-up', 'the way out releases the button');
  assert.deepEqual(moves, [[0, 30, -10, 0], [2, 0, 0, 0], [2, 0, 0, inFirefox ? -3 : -1], 'all-up']);
  await until(async () => (await locked()) === null, 'and the pointer');
  await page.mouse.up({ button: 'right' });
  await page.mouse.move(600, 300);
  assert.equal(moves.at(-1), 'all-up', 'what follows is not the target’s');
  await page.evaluate(() => localStorage.setItem('lightsout.keys', '{"speed":0.5}'));

  const known = fake.consoles.length;
  await page.reload();
  const again = await fake.connection(known);
  listen(again);
  again.mode(320, 200);
  again.seats({ flags: ['mine', 'mayType'], holder: again.number, name: 'anna' });
  await again.acked(again.update(body([op.solid([0, 0, 20, 13], [30, 60, 90])]), { exact: true }));
  await capture(page);
  await lock();
  moves.length = 0;
  await page.mouse.move(660, 380);
  await page.mouse.down();
  await until(() => moves.length === 2, 'a button is down');
  assert.deepEqual(moves[0], [0, 10, -10, 0], 'at half the speed');
  await page.evaluate(() => document.exitPointerLock()); // as Escape does
  await until(() => moves.at(-1) === 'all-up', 'leaving it releases');
  await page.mouse.up();
  const entry = await mode();
  assert.equal(await entry.getAttribute('aria-checked'), 'true');
  await entry.click();
  assert.equal(await page.evaluate(() => localStorage.getItem('lightsout.relative.pc')), null);
  assertQuiet(page);
  await page.context().close();
});

test('a console is named as the overview names its target', once, async () => {
  const path = 'GET /api/v1/targets/pc';
  const plain = fake.answers[path];
  fake.answers[path] = { ...plain, title: 'Web \u202eserver 1' };
  const { page } = await typist();
  await page.getByRole('heading', { level: 1, name: 'Web \ufffdserver 1', exact: true }).waitFor();
  assert.deepEqual([await page.title(), await page.locator('h1').getAttribute('title')], ['Web \ufffdserver 1 – lightsout', 'pc']);
  fake.answers[path] = plain;
  await page.context().close();
});

test('the way out: four keys, or one that was chosen', async () => {
  const { page, keys } = await typist();
  await page.getByText('Keys go to the target. Ctrl+Alt+Shift+Enter leads out.').waitFor();
  const leave = () => page.evaluate(() => document.querySelector('console-view').dataset.captured === 'false');
  await page.keyboard.press('Control+Alt+Shift+Enter');
  await until(leave, 'the keyboard is the page’s');
  assertReleased(keys);
  await button(page, 'More').click();
  await page.getByRole('menuitem', { name: 'Keyboard and mouse …' }).click();
  await page.getByText('The way out: keys work on this page again').waitFor();
  await labelled(page, 'Another way out').selectOption('ControlRight');
  await checkView(page, 'keys-help');
  await page.keyboard.press('Escape');
  await capture(page);
  keys.length = 0;
  await page.keyboard.press('ControlRight');
  await until(leave, 'one key leads out');
  assert.deepEqual(keys, [], 'and the target does not see it');
  await capture(page);
  await page.keyboard.press('ControlRight+c');
  await saidSoFar(keys, '+e4 +6 -6 -e4');
  assert.match(await page.locator('.surface').getAttribute('aria-label'), /Ctrl\+Alt\+Shift\+Enter or Right Ctrl/);
  await page.context().close();
});

test('Caps Lock that differs is offered, never pressed by itself', async () => {
  const { page, keys, leds } = await typist();
  leds(2);
  leds(0);
  await give(page, [['keydown', 'KeyA', { modifierCapsLock: true }], ['keyup', 'KeyA', { modifierCapsLock: true }]]);
  await page.getByText('Caps Lock is on here, off on the target.').waitFor();
  await saidSoFar(keys, '+4 -4');
  await button(page, 'Align').click();
  await saidSoFar(keys, '+4 -4 +39 -39');
  leds(2);
  await page.getByText('Caps Lock is on here, off on the target.').waitFor({ state: 'hidden' });
  await page.context().close();
});

test('combinations are searched, named, pressed and kept', async () => {
  const { page, keys } = await typist();
  await button(page, 'Keys').click();
  await page.getByRole('menuitem', { name: 'All combinations …' }).click();
  await checkView(page, 'keys-chords');
  await labelled(page, 'Search, or name a combination').fill('remount');
  await labelled(page, 'Search, or name a combination').fill('ctrl+alt+f9');
  await button(page, 'Keep').click();
  await button(page, 'Press keys').click();
  await page.keyboard.press('Control+Shift+k');
  await button(page, 'Send Ctrl+Shift+K').click();
  await saidSoFar(keys, '+e0 +e1 +e -e -e1 -e0');
  await button(page, 'Keys').click();
  await page.getByRole('menuitem', { name: 'Ctrl+Alt+F9' }).click();
  await until(() => keys.length === 12, 'one’s own is in the menu');
  assertReleased(keys);
  assertQuiet(page);
  await page.context().close();
});

const openKeyboard = async (page) => {
  await button(page, 'Keys').click();
  await page.getByRole('menuitemcheckbox', { name: 'On-screen keyboard' }).click();
  await page.locator('.osk-key').first().waitFor();
};
const osk = (page, code) => page.locator(`.osk-key[data-code="${code}"]`);

test('the keyboard on the screen: sticky modifiers, lamps, and keys that a pointer leaves', async () => {
  const { page, keys, leds } = await typist();
  await openKeyboard(page);
  await capture(page);
  await osk(page, 'ShiftLeft').click();
  await osk(page, 'KeyA').click();
  await saidSoFar(keys, '+e1 +4 -4 -e1');
  keys.length = 0;
  await osk(page, 'ControlLeft').click();
  await osk(page, 'ControlLeft').click();
  await osk(page, 'KeyC').click();
  await osk(page, 'KeyV').click();
  await until(async () => (await osk(page, 'ControlLeft').getAttribute('aria-pressed')) === 'true', 'it is locked');
  await osk(page, 'ControlLeft').click();
  await saidSoFar(keys, '+e0 +6 -6 +19 -19 -e0');
  keys.length = 0;
  const box = await osk(page, 'KeyX').boundingBox();
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 5, box.y - 300);
  await saidSoFar(keys, '+1b -1b');
  await page.mouse.up();
  await osk(page, 'KeyX').evaluate((key) => {
    for (const type of ['pointerdown', 'pointercancel']) key.dispatchEvent(new PointerEvent(type, { pointerId: 7, button: 0, bubbles: true }));
  });
  await saidSoFar(keys, '+1b -1b +1b -1b');
  leds(2);
  await until(async () => (await osk(page, 'CapsLock').getAttribute('aria-pressed')) === 'true', 'the lamp is shown');
  keys.length = 0;
  await page.keyboard.down('Shift');
  await osk(page, 'ShiftLeft').click();
  await page.keyboard.up('Shift');
  await osk(page, 'KeyA').click();
  await saidSoFar(keys, '+e1 +4 -4 -e1'); // held by both, let go of by the last
  keys.length = 0;
  await osk(page, 'AltLeft').click();
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await saidSoFar(keys, '+e2 all-up');
  await until(async () => (await osk(page, 'AltLeft').getAttribute('data-sticky')) === 'off', 'it shows that it is up');
  keys.length = 0;
  await osk(page, 'KeyA').focus();
  await page.keyboard.press('ArrowRight');
  await until(() => page.evaluate(() => document.activeElement.dataset.code === 'KeyS'), 'the next key has the focus');
  await page.keyboard.press('Enter');
  await saidSoFar(keys, '+16 -16');
  assertQuiet(page);
  await page.context().close();
});

for (const [name, viewport, colorScheme, more] of [
  ['phone', { width: 360, height: 740 }, 'dark', { hasTouch: true, isMobile: true }],
  ['phone-landscape', { width: 740, height: 360 }, 'light', { hasTouch: true, isMobile: true }],
  ['desktop', { width: 1280, height: 800 }, 'light', {}],
  ['huge', { width: 3840, height: 2160 }, 'dark', {}],
])
  test(`the keyboard on the screen fits: ${name}`, once, async () => {
    const { page, keys } = await typist({ viewport, colorScheme, ...more });
    await openKeyboard(page);
    const boxes = await page.locator('.osk-key').evaluateAll((all) => all.map((key) => key.getBoundingClientRect()).map(({ x, right, width, height }) => ({ x, right, width, height })));
    for (const { x, right, width, height } of boxes) assert.ok(x >= -0.5 && right <= viewport.width + 0.5 && width >= 22 && height >= 26, JSON.stringify({ x, right, width, height }));
    await labelled(page, 'Shape of the keyboard').selectOption(name === 'huge' ? 'jis' : name === 'desktop' ? 'iso' : 'auto');
    await capture(page);
    await checkView(page, `keys-screen-${name}`);
    if (viewport.width < 760) {
      await button(page, 'Functions').click();
      await osk(page, 'F2').tap();
      await saidSoFar(keys, '+3b -3b');
    }
    await page.context().close();
  });

const openMacros = async (page) => {
  await button(page, 'Keys').click();
  await page.getByRole('menuitem', { name: 'Macros …' }).click();
};

/** Leaves the console by the browser's Back, with a dialog open, and comes back. */
async function backAndForth(page) {
  await page.goBack();
  await page.getByRole('heading', { name: 'Targets' }).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goForward();
  await capture(page);
}

test('macros: written, run, shown to others, stopped, recorded; and the jiggler', once, async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard', layout: 'de' } });
  await gateway.start();
  const page = await newPage(browser);
  await setUp(page, gateway);
  await openConsole(page, gateway, 'card');
  await capture(page);
  const rest = (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ sent) => ask(page, method, `/targets/card/${path}`, sent);

  const config = (/** @type {any} */ change) =>
    page.evaluate(async (targets) => {
      const { etag, targets: now } = await (await fetch('/api/v1/config')).json();
      if (!targets) return now.card.keys.jiggler;
      const headers = { 'Content-Type': 'application/json', 'If-Match': `"${etag}"` };
      return (await fetch('/api/v1/config', { method: 'PATCH', headers, body: JSON.stringify({ targets }) })).status;
    }, change);
  const awake = page.getByRole('button', { name: 'Kept awake' });
  assert.equal(await config({ card: { jiggler: '600' } }), 200);
  await awake.click();
  await page.getByRole('menuitem', { name: 'Off for now' }).click();
  await awake.waitFor({ state: 'hidden' });
  await until(async () => JSON.stringify((await rest('GET', 'jiggler')).body) === '{"seconds":0,"configured":600}', 'it is off, for now');
  await button(page, 'More').click();
  await page.getByRole('menuitemcheckbox', { name: 'Keep the target awake' }).click();
  await awake.click();
  await page.getByRole('menuitem', { name: 'Off for good' }).click();
  await awake.waitFor({ state: 'hidden' });
  await until(async () => (await config()).value === '0', 'it is off for good');

  await openKeyboard(page);
  await until(async () => (await osk(page, 'KeyY').locator('.osk-base').textContent()) === 'Z', 'the keys show the target’s layout');
  await until(async () => (await osk(page, 'IntlBackslash').textContent()) === '<>|', 'in its shape');
  await checkView(page, 'keys-screen-german');
  await button(page, 'Close the keyboard').click();
  await button(page, 'Keys').click();
  const asked = page.waitForResponse(/\/api\/v1\/config$/);
  await page.getByRole('menuitem', { name: 'Layout: de' }).click();
  await (await asked).finished();
  await page.getByRole('combobox').fill('fr');
  await page.keyboard.press('Enter');
  await button(page, 'Use de').waitFor();
  assert.equal(await button(page, 'Make it the target’s own').isVisible(), false, 'the file gives it');
  await button(page, 'Use de').click();
  await page.keyboard.press('Escape');
  await capture(page);

  await openMacros(page);
  await page.getByText('None yet.').waitFor();
  await button(page, 'New macro').click();
  await labelled(page, 'Title').fill('Hold on');
  await labelled(page, 'Kind of step').selectOption('press');
  await button(page, 'Add step').click();
  await labelled(page, 'Kind of step').selectOption('pause');
  await button(page, 'Add step').click();
  await labelled(page, 'Milliseconds').fill('120000');
  await page.locator('[data-step="1"]').focus();
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+ArrowDown');
  await checkView(page, 'keys-macro-editor');
  for (const left of ['Escape', 'Back']) {
    if (left === 'Escape') await page.keyboard.press('Escape');
    else await backAndForth(page);
    if (left === 'Back') await openMacros(page);
    await page.getByText('None yet.').waitFor();
    await button(page, 'New macro').click();
    await page.getByText('not save is here again').waitFor();
    assert.equal(await labelled(page, 'Title').inputValue(), 'Hold on');
    assert.equal(await page.locator('.step').count(), 2);
  }
  await checkView(page, 'keys-macro-restored');
  await button(page, 'Save').click();
  await page.locator('.macro-row').waitFor();
  await button(page, 'New macro').click();
  assert.equal(await labelled(page, 'Title').inputValue(), '');
  await labelled(page, 'Title').fill('Not wanted');
  await button(page, 'Cancel').click();
  await button(page, 'New macro').click();
  assert.equal(await labelled(page, 'Title').inputValue(), '');
  await page.keyboard.press('Escape');
  await page.locator('.macro-row').waitFor();
  await checkView(page, 'keys-macros');
  assert.deepEqual((await rest('GET', 'macros/hold-on')).body.steps, [{ do: 'press', keys: 'shift' }, { do: 'pause', ms: 120000 }]);

  const other = await page.context().newPage();
  await openConsole(other, gateway, 'card');
  await page.getByRole('button', { name: 'Run: Hold on' }).click();
  await other.getByText('Macro “Hold on” runs, started by anna').waitFor();
  assert.equal((await rest('POST', 'macros/hold-on/run', {})).status, 409);
  await checkView(other, 'keys-macro-runs');
  await other.locator('.macro-badge').getByRole('button', { name: 'Stop' }).click();
  await page.locator('.macro-badge').waitFor({ state: 'hidden' });
  await until(async () => (await rest('GET', 'macros')).body.last?.end === 'stopped', 'it was stopped');
  await other.close();
  const takes = async () => {
    await page.locator('.surface').click(); // once the gateway has said that the seat is free again
    return page.evaluate(() => document.querySelector('console-view').dataset.captured === 'true');
  };
  await until(takes, 'the first page has the keyboard again');

  const record = async () => {
    await openMacros(page);
    await button(page, 'Record').click();
    await page.getByText('Recording: what you press and click here is kept.').waitFor();
    await capture(page);
  };
  await record();
  await page.keyboard.press('b');
  await backAndForth(page);
  await openMacros(page);
  await button(page, 'New macro').click();
  await page.getByText('not save is here again').waitFor();
  await page.locator('.step-what', { hasText: 'B' }).first().waitFor();
  await button(page, 'Cancel').click();
  await page.locator('.macro-row').waitFor();
  await page.keyboard.press('Escape');

  await record();
  // together: were there a quarter of a second between them it would be a step of its own
  await Promise.all([page.keyboard.down('Control'), page.keyboard.down('a'), page.keyboard.up('a'), page.keyboard.up('Control')]);
  await page.locator('.surface').click({ position: { x: 50, y: 40 } });
  assert.equal(await page.getByText('Not kept').count(), 0);
  await page.mouse.wheel(120, 0);
  await page.getByText('Not kept, because macros cannot do it').waitFor();
  await button(page, 'Done').click();
  await labelled(page, 'Title').fill('Recorded');
  await button(page, 'Save').click();
  await page.locator('.macro-row[data-name="recorded"]').waitFor();
  const { body: recorded } = await rest('GET', 'macros/recorded');
  assert.deepEqual(recorded.steps.filter((step) => step.do !== 'pause').map((step) => step.keys ?? step.do), ['ctrl+a', 'click']);
  await page.getByRole('button', { name: 'Run: Recorded' }).click();
  await until(async () => (await rest('GET', 'macros')).body.last?.end === 'done', 'it runs to its end');
  const { steps } = recorded;
  assert.equal((await rest('PUT', 'macros/recorded', { title: 'Recorded', shortcut: 'ctrl+alt+1', times: 2, steps })).status, 200);
  await page.reload();
  await page.locator('console-view').waitFor();
  await capture(page);
  await until(async () => {
    await page.keyboard.press('Control+Alt+1');
    return (await rest('GET', 'macros')).body.running?.times === 2;
  }, 'its shortcut starts it');
  assert.equal((await rest('POST', 'macros/stop')).status, 204);
  assert.equal((await rest('PUT', 'macros/bad', { steps: [{ do: 'sing' }] })).status, 422);
  assert.equal((await rest('DELETE', 'macros/recorded')).status, 204);
  assertQuiet(page);
});
