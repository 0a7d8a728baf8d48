/* Texts typed into Linux's own console, whose keymap is the layout that they are typed with, arrive byte for byte: dead
 * keys, AltGr, the keys of ISO and Japanese keyboards, accented capitals, the euro sign; a long text without loss; with
 * Caps Lock on; and nothing of what was stopped. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { GRUB, Gateway, MACHINE, assertSane, fillLibrary, localClient } from './client.mjs';
import { GuestShell } from './guest_shell.mjs';

const ASCII = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join('');
/** What each layout is asked for; all of ASCII besides. @type {Record<string, string>} */
const TEXTS = {
  us: 'echo "Hello, World!" | tee ~/x',
  de: 'Grüße aus Köln: ÄÖÜäöüß 5 € §³² éèêâ ÉÈÊ µ°',
  fr: "Où est l'hôtel ? À 10 € : çéèàù âêîôû ÂÊÎÔÛ äëïöü £µ§²",
  es: '¿Qué? ¡Mañana! áéíóúüñ ÁÉÍÓÚÜÑ çÇ ºª 3 €',
  jp: 'C:\\> _ ^ ~ @ ` [ ] { } | : * ; +',
  pl: 'Zażółć gęślą jaźń ZAŻÓŁĆ GĘŚLĄ JAŹŃ 7 €',
  'us(intl)': "Ça coûte 9 €? ¿señor? äëïöü ÀÈÌÒÙ é'è\"ê`~^ ÉÑÇ",
};
const LONG = `${'the quick brown fox jumps over the lazy dog; PACK MY BOX with 12 dozen liquor jugs. '.repeat(24)}\n`;
const root = process.getuid?.() === 0;

describe('texts typed into a console', { skip: !root && 'needs root, for extra-arguments' }, () => {
  /** @type {Gateway} */ let gateway;
  /** @type {ReturnType<typeof localClient>} */ let client;
  /** @type {GuestShell} */ let shell;

  before(async () => {
    const image = process.env.TYPING_IMAGE ?? '';
    const kernel = execFileSync('../guest/build-kernel').toString().trim();
    execFileSync('./build-typing-image', [image, ...Object.keys(TEXTS)], { stdio: 'inherit' });
    gateway = await Gateway.create({
      demo: {
        ...MACHINE, memory: 256, layout: 'fr',
        'extra-arguments': `-kernel ${kernel}/kernel -initrd ${image} -append "quiet tsc=reliable mitigations=off audit=0"`,
      },
    });
    await gateway.start();
    client = localClient(gateway);
    await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
    await client.ok('power', 'on', 'demo');
    shell = await GuestShell.open(gateway);
    await shell.ok('stty -F /dev/tty1 raw -echo; kbd-mode -u -C /dev/tty1');
  });
  after(async () => {
    await gateway?.stop();
    assertSane(gateway);
    await gateway?.destroy();
  });

  /** What the console reads while this is done. @param {() => Promise<void>} act @param {number} size in bytes, that is waited for */
  async function reads(act, size) {
    await shell.ok('cat /dev/tty1 >/tmp/got & echo $! >/tmp/reader; sleep 0.2');
    await act();
    const got = () => shell.ok('stat -c %s /tmp/got').then(Number);
    let before = -1;
    // what is lost never comes: so only as long as something does
    for (let still = 0, now = 0; still < 50 && (now = await got()) < size; await new Promise((resolve) => setTimeout(resolve, 100))) {
      still = now === before ? still + 1 : 0;
      before = now;
    }
    const out = await shell.ok('kill $(cat /tmp/reader); base64 -w 0 /tmp/got');
    return Buffer.from(out.trim(), 'base64').toString();
  }

  /** @param {string} text @param {string[]} options */
  const typed = (text, ...options) =>
    reads(async () => {
      const answer = await client.fed(text, 'type', 'demo', '-', ...options);
      assert.equal(answer.code, 0, answer.err);
    }, Buffer.byteLength(text));

  for (const [layout, own] of Object.entries(TEXTS))
    test(`${layout} arrives`, async () => {
      await shell.ok(`kbd-loadkeys -q -u -C /dev/tty1 "/guest/maps/${layout}.map"`);
      const text = ASCII + own;
      assert.equal(await typed(text, '--layout', layout), text);
    });

  test('what the target says of its layout counts where nothing else is said', async () => {
    await shell.ok('kbd-loadkeys -q -u -C /dev/tty1 /guest/maps/fr.map');
    assert.equal(await typed("qwerty aàç'"), "qwerty aàç'");
  });

  test('a long text arrives without loss, and quickly', async (t) => {
    await shell.ok('kbd-loadkeys -q -u -C /dev/tty1 /guest/maps/us.map');
    const begin = Date.now();
    const got = await typed(LONG, '--layout', 'us');
    t.diagnostic(`${LONG.length} characters in ${Date.now() - begin} ms, waiting for the end included`);
    assert.equal(got, LONG.replaceAll('\n', '\r'));
    const { per_second } = await client.json('type', 'demo', '--status');
    t.diagnostic(`${per_second} characters a second`);
  });

  test('Caps Lock is switched off for it and on again', async () => {
    const leds = async () => (await client.json('target', 'list')).targets[0].leds.caps;
    await client.ok('key', 'demo', 'capslock');
    await until(leds, 'Caps Lock is on');
    assert.equal(await typed('Hello ABC xyz', '--layout', 'us'), 'Hello ABC xyz');
    await until(leds, 'Caps Lock is on again');
    await client.ok('key', 'demo', 'capslock');
    await until(async () => !(await leds()), 'Caps Lock is off');
  });

  test('what is stopped types no more', async () => {
    const got = await reads(async () => {
      const typing = client.fed(LONG.repeat(10), 'type', 'demo', '-', '--layout', 'us');
      await until(async () => (await client.json('type', 'demo', '--status')).state === 'typing', 'it types');
      await client.ok('type', 'demo', '--stop');
      assert.equal((await typing).code, 1);
      // what the keyboard of a slow machine has already is read, and then nothing more comes
      let at = -1, still = 0;
      await until(async () => {
        const now = Number(await shell.ok('stat -c %s /tmp/got'));
        still = now === at ? still + 1 : 0;
        at = now;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return still >= 5;
      }, 'nothing is typed any more');
    }, 0);
    assert.ok(LONG.repeat(10).replaceAll('\n', '\r').startsWith(got));
    assert.ok(got.length < LONG.length * 10, `${got.length} characters`);
  });
});

describe('a text typed where the screen shows it', () => {
  /** @type {Gateway} */ let gateway;
  /** @type {ReturnType<typeof localClient>} */ let client;

  before(async () => {
    gateway = await Gateway.create({ demo: MACHINE });
    fillLibrary(gateway);
    await gateway.start();
    client = localClient(gateway);
    await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
    await client.ok('media', 'insert', 'demo', GRUB);
    await client.ok('boot', 'demo', 'cd');
    await client.ok('power', 'on', 'demo');
    await client.ok('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '120');
    await client.ok('key', 'demo', 'c');
    await client.ok('wait-text', 'demo', 'grub>', '--timeout', '120');
  });
  after(async () => {
    await gateway?.stop();
    assertSane(gateway);
    await gateway?.destroy();
  });

  test('arrives whole in a boot loader behind a BIOS, and is seen', async (t) => {
    const text = 'echo The quick brown fox jumps over the lazy dog; and (12) more { "quoted" } things, at full speed';
    await client.ok('type', 'demo', text);
    const state = await client.json('type', 'demo', '--status');
    t.diagnostic(JSON.stringify(state));
    assert.equal(state.state, 'done');
    assert.deepEqual(state.echo, { result: 'seen', seen: text.length, lost: 0 });
    assert.ok((await client.ok('screen-text', 'demo')).replaceAll('\n', '').includes(text.slice(-40)));
  });
});
