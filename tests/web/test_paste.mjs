/* Typing a text through the real page and gateway: the search over layouts, the list of what cannot be typed before the first
 * key, progress, Stop, and texts that are far too long. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, assertQuiet, button, capture, inFirefox, labelled, launch, logIn, newPage, once, openConsole, openTab, setUp } from './browser.mjs';
import { checkView } from './check_view.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let browser, gateway, page;
/** An administrator gives the target a layout. */
const own = (/** @type {string} */ name) =>
  page.evaluate(async (wanted) => {
    const { etag } = await (await fetch('/api/v1/config')).json();
    const headers = { 'Content-Type': 'application/json', 'If-Match': `"${etag}"` };
    return (await fetch('/api/v1/config', { method: 'PATCH', headers, body: JSON.stringify({ targets: { card: { layout: wanted } } }) })).status;
  }, name);
before(async () => {
  browser = await launch();
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  page = await newPage(browser, { viewport: { width: 1280, height: 800 }, permissions: [] });
  await setUp(page, gateway);
  assert.equal(await own('de'), 200);
  await openConsole(page, gateway, 'card');
  await capture(page);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await gateway?.destroy();
});

const rest = (/** @type {string} */ method, /** @type {string} */ path) =>
  page.evaluate(async ([how, where]) => (await fetch(`/api/v1/targets/card/${where}`, { method: how })).json().catch(() => null), [method, path]);
const text = () => labelled(page, 'Text');
const layout = () => page.getByRole('combobox', { name: 'Keyboard layout of the target' });
const opened = async () => {
  await button(page, 'Type text').click();
  await until(async () => /German/.test(await layout().inputValue()), 'the layout of the target is chosen');
};
const closed = async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

/** What was written is forgotten. */
const cancelled = async () => {
  await button(page, 'Cancel').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

/** More than is typed before Stop comes, on whatever machine. */
const LONG = 'the quick brown fox '.repeat(1500);
const STOPPED = /Stopped; [\d,]+ characters were not typed/;

test('what cannot be typed is listed before the first key, and left out when one says so', async () => {
  await opened();
  await text().fill('äöü é\n😀‮x😀');
  await page.getByText('no key for 3 characters').waitFor();
  await until(async () => (await page.locator('.missing-list li').count()) === 2, 'two kinds are listed');
  await page.locator('.missing-list').getByText('mark that turns the direction of writing').waitFor();
  await page.locator('.missing-list').getByText('2 times, first in line 2, column 1').waitFor();
  assert.equal(await button(page, 'Type without these').isDisabled(), true);
  assert.equal((await rest('GET', 'type')).state, 'idle');
  await checkView(page, 'paste-missing-1280-light');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkView(page, 'paste-missing-360-dark');
  await page.setViewportSize({ width: 3840, height: 2160 });
  await checkView(page, 'paste-missing-3840-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await labelled(page, 'Leave them out').check();
  await button(page, 'Type without these').click();
  await page.locator('.notice').getByText(/All typed/).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0); // one goes on with the target
  assert.equal((await rest('GET', 'type')).characters, 7);
  await opened();
  assert.equal(await text().inputValue(), '');
  await closed();
});

test('a layout is found by its name, and remembered for the target', async () => {
  await opened();
  await layout().click();
  await until(async () => (await page.getByRole('option').count()) > 400, 'all are there');
  await layout().fill('intl dead');
  await page.getByRole('option', { name: /English \(US, intl\., with dead keys\)/ }).waitFor();
  await checkView(page, 'paste-layouts-1280-light');
  await page.keyboard.press('Enter');
  await until(async () => /us\(intl\)/.test(await layout().inputValue()), 'it is chosen');
  await closed();
  await button(page, 'Type text').click();
  await until(async () => /us\(intl\)/.test(await layout().inputValue()), 'the layout is remembered');
  await page.getByText('The target’s own is de.').waitFor();
  await button(page, 'Use de').click();
  await until(async () => /German/.test(await layout().inputValue()), 'the way back');
  await button(page, 'Use de').waitFor({ state: 'hidden' });
  await layout().fill('russian');
  await page.keyboard.press('Enter');
  await page.getByText('has no Latin letters').waitFor();
  await text().fill('ls');
  await page.getByText('no key for 2 characters').waitFor();
  await layout().fill('de');
  await page.keyboard.press('Enter');
  await page.getByText('no key for').waitFor({ state: 'hidden' });
  await closed();
});

test('keys on the screen have the legends of the layout in use; it is made the target’s own, and ends when that changes', once, async () => {
  const legend = (/** @type {string} */ code, /** @type {string} */ wanted) =>
    until(async () => (await page.locator(`.osk-key[data-code="${code}"]`).allTextContents())[0]?.startsWith(wanted), `${code} shows ${wanted}`);
  const menu = async (/** @type {string|RegExp} */ name) => {
    await button(page, 'Keys').click();
    await page.getByRole('menuitem', { name }).or(page.getByRole('menuitemcheckbox', { name })).click();
  };
  const choose = async (/** @type {string} */ name) => {
    await until(() => layout().isEnabled(), 'the layouts are there');
    await layout().fill(name);
    await page.keyboard.press('Enter');
  };
  const other = page.getByRole('button', { name: 'Layout: br instead of de' });
  await menu('On-screen keyboard');
  await legend('KeyY', 'Z');
  await menu('Layout: de');
  await choose('br');
  await page.getByText('The target’s own is de.').waitFor();
  await checkView(page, 'layout-other-1280-light');
  await closed();
  await legend('IntlRo', '/?°');
  await checkView(page, 'keys-screen-brazil');
  await other.click();
  await button(page, 'Make it the target’s own').click();
  await page.getByText('The target’s own is').waitFor({ state: 'hidden' });
  await closed();
  await other.waitFor({ state: 'hidden' });
  assert.equal((await ask(page, 'GET', '/targets/card')).body.layout, 'br');
  assert.equal(await page.evaluate(() => localStorage.getItem('lightsout.layout.card')), null);

  await menu('Layout: br');
  await choose('fr');
  await closed();
  await legend('KeyQ', 'A');
  assert.equal(await own('de'), 200);
  await legend('KeyY', 'Z');
  assert.equal(await own('br'), 200);
  await legend('IntlRo', '/?°');
  assert.equal(await own('de'), 200);
  await legend('KeyY', 'Z');
  await button(page, 'Close the keyboard').click();
  await capture(page);
});

/** How much of the picture the dialog hides, 0 to 1. */
const hidden = () =>
  page.evaluate(() => {
    const [bar, picture] = ['dialog', 'console-screen canvas'].map((what) => document.querySelector(what)?.getBoundingClientRect() ?? new DOMRect());
    const overlap = (/** @type {'x'|'y'} */ at, /** @type {'width'|'height'} */ size) => Math.max(0, Math.min(bar[at] + bar[size], picture[at] + picture[size]) - Math.max(bar[at], picture[at]));
    return (overlap('x', 'width') * overlap('y', 'height')) / (picture.width * picture.height);
  });
const focused = () => page.evaluate(() => document.activeElement?.textContent);

test('while it types one sees the picture; Stop has the focus, and a click beside it ends nothing', async () => {
  await opened();
  await text().fill(LONG);
  assert.ok((await hidden()) > 0.1);
  await button(page, 'Type it').click();
  await until(async () => (await rest('GET', 'type')).state === 'typing', 'it types');
  await page.getByText(/of [\d,]+ typed/).waitFor();
  for (const [width, height, colorScheme] of /** @type {const} */ ([[1280, 800, 'light'], [1280, 800, 'dark'], [3840, 2160, 'light'], [740, 360, 'dark'], [360, 740, 'light'], [360, 740, 'dark']])) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await until(async () => (await hidden()) < 0.05, `the picture is seen at ${width} px`);
    await checkView(page, `paste-typing-${width}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.mouse.click(640, 500);
  assert.equal((await rest('GET', 'type')).state, 'typing');
  assert.equal(await focused(), 'Stop');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByText(STOPPED).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'TEXTAREA');
  await closed();
});

test('in full screen too, and how it ended is told there', async () => {
  await button(page, 'Full screen').click();
  await until(() => page.evaluate(() => document.fullscreenElement !== null), 'it is full screen');
  await opened();
  await text().fill('a');
  await button(page, 'Type it').click();
  await page.locator('.notice').getByText(/All typed/).last().click({ trial: true }); // nothing lies over it
  await page.evaluate(() => document.exitFullscreen());
  await page.locator('body > #notices').waitFor({ state: 'attached' });
});

test('Stop and Escape end it; a second Escape closes', async () => {
  for (const way of ['Stop', 'Escape']) {
    await opened();
    await text().fill(LONG);
    await button(page, 'Type it').click();
    await until(async () => (await rest('GET', 'type')).state === 'typing', 'it types');
    const begin = Date.now();
    if (way === 'Stop') await button(page, 'Stop').click();
    else await page.keyboard.press('Escape');
    await until(async () => (await rest('GET', 'type')).state === 'stopped', 'it has stopped');
    console.log(`# ${way}: it has stopped after ${Date.now() - begin} ms`);
    await page.getByText(STOPPED).waitFor();
    assert.notEqual(await text().inputValue(), '');
    await closed();
  }
});

test('Stop that overtakes the text on its way ends it all the same', { skip: inFirefox && 'no request can be held up' }, async () => {
  await opened();
  await text().fill(LONG);
  let arrive = () => {};
  const late = new Promise((resolve) => (arrive = () => resolve(null)));
  const stops = [];
  page.on('response', (answer) => answer.request().method() === 'DELETE' && stops.push(answer.status()));
  await until(async () => button(page, 'Type it').isEnabled(), 'the text was looked at');
  await page.route('**/card/type', async (route) => {
    if (route.request().method() === 'POST') await late;
    await route.continue();
  });
  await button(page, 'Type it').click();
  await button(page, 'Stop').click();
  await until(() => stops.length === 1, 'Stop arrived first');
  arrive();
  await page.getByText(STOPPED).waitFor();
  await page.unroute('**/card/type');
  await cancelled();
});

/** What is in the field when the dialog is opened again. */
const again = async () => {
  await button(page, 'Type text').click();
  await text().waitFor();
  return text().inputValue();
};
const gone = () => page.getByRole('dialog').waitFor({ state: 'detached' });

test('what was written and not typed is there again, however the dialog was left', async () => {
  await again();
  await cancelled();
  assert.equal(await again(), '');
  const ways = {
    Escape: () => page.keyboard.press('Escape'),
    Close: () => button(page, 'Close').click(),
    'a click beside it': () => page.mouse.click(5, 5),
    Back: async () => {
      await page.goBack();
      await page.locator('console-view').waitFor({ state: 'detached' });
      await gone();
      await page.goForward();
      await page.locator('console-view').waitFor();
      await capture(page);
    },
    'another address': async () => {
      await page.evaluate(() => (location.hash = '#/'));
      await page.getByRole('heading', { name: 'Targets' }).waitFor();
      await gone();
      await openConsole(page, gateway, 'card');
      await capture(page);
    },
  };
  for (const [way, leave] of Object.entries(ways)) {
    await text().fill(`left by ${way}`);
    await leave();
    await gone();
    assert.equal(await again(), `left by ${way}`);
  }
  await cancelled();
  assert.equal(await again(), '', 'Cancel forgets it');
  await text().fill('ls\n');
  await button(page, 'Type it').click();
  await gone();
  assert.equal(await again(), '', 'so does the end of typing');
  await cancelled();
});

test('Back while it types ends it, and loses neither the text nor how far it came', async () => {
  await again();
  await text().fill(LONG);
  await button(page, 'Type it').click();
  await until(async () => (await rest('GET', 'type')).state === 'typing', 'it types');
  await page.goBack();
  await page.locator('.notice').getByText(STOPPED).waitFor();
  await page.goForward();
  await page.locator('console-view').waitFor();
  await capture(page);
  assert.ok((await again()) === LONG);
  await cancelled();
});

/** Where the focus is; in Firefox by the menu of its window. @param {string} piece @param {number} [times] */
const paste = (piece, times = 1) =>
  inFirefox
    ? page.paste(piece, times)
    : page.evaluate(([what, n]) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', what.repeat(n));
        document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      }, [piece, times]);

test('a text from the clipboard takes no other one’s place until it is written in', async () => {
  await again();
  await text().fill('mine');
  await closed();
  const pasted = async () => {
    await capture(page);
    await paste('pasted');
    await until(async () => (await text().inputValue()) === 'pasted', 'it is in the field');
  };
  await pasted();
  await closed();
  assert.equal(await again(), 'mine');
  await closed();
  await pasted();
  await text().fill('pasted, and more');
  await closed();
  assert.equal(await again(), 'pasted, and more');
  await closed();
});

test('a hidden text is seen by nobody, typed all the same, and no draft', async () => {
  await again();
  await text().fill('my pass😀');
  await closed();
  await again();
  await labelled(page, 'Hide the text, for passwords; closing the dialog then forgets it').check();
  assert.equal(await text().evaluate((field) => getComputedStyle(field).webkitTextSecurity), 'disc');
  await page.getByText('no key for 1 character:').waitFor();
  assert.equal(await page.locator('.missing-list').isVisible(), false);
  await checkView(page, 'paste-hidden');
  await closed();
  assert.equal(await again(), '');
  await labelled(page, 'Hide the text, for passwords; closing the dialog then forgets it').check();
  await text().fill('my word');
  await button(page, 'Type it').click();
  await gone();
  assert.equal((await rest('GET', 'type')).characters, 7);
});

test('a session that ends takes the dialog from the page; the text is there for the same user, and forgotten at log-out', once, async () => {
  const login = async () => {
    await logIn(page);
    await page.locator('console-view').waitFor();
    await capture(page);
  };
  await again();
  await text().fill('my secret');
  assert.equal((await ask(page, 'DELETE', '/session')).status, 204);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await gone();
  await login();
  assert.equal(await again(), 'my secret');
  assert.deepEqual(await page.evaluate(() => Object.values({ ...localStorage, ...sessionStorage }).filter((one) => one.includes('secret'))), []);

  const tab = await openTab(page.context());
  await tab.goto(`${gateway.url}/#/`);
  await button(tab, CREDENTIALS.user).click();
  await tab.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await gone();
  await tab.close();
  await login();
  assert.equal(await again(), '');
  await closed();
});

test('ten megabytes are refused at once, in words', async () => {
  await opened();
  await text().focus();
  const begin = Date.now();
  await paste('x', 1e7);
  const took = Date.now() - begin;
  await page.getByText(/These are 10 MB; at most 65 kB.*virtual drive/).waitFor();
  assert.equal(await text().inputValue(), '');
  assert.ok(took < 20000, `${took} ms`); // a hang: it is a few
  await closed();
  assertQuiet(page);
});
