/* A screen full of text, 1920 x 1080, that takes another's place, in the browser's worker: our updates through the page's
 * module until the picture is exact, against the same frame as one JPEG by the browser's own decoder, by turns. Some
 * screens come before it, because what an update looks like depends on what is known of the link. */
import { execFileSync } from 'node:child_process';
import { chmodSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { newPage, openConsole, setUp } from '../../tests/web/browser.mjs';
import { Gateway } from '../../tests/web/gateway.mjs';
import { until } from '../../tests/web/until.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const [WIDTH, HEIGHT] = [1920, 1080];
const BGRX = 0x34325258;
const TURNS = 20;
const SCREENS = 5;
const SCREEN_MS = 700;

/** Runs in the page: what an editor and a terminal look like, as pixels and as a JPEG of quality 80 with 4:2:0. */
async function draw({ width, height, screen }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  const colours = ['#d8dee9', '#88c0d0', '#a3be8c', '#ebcb8b', '#bf616a'];
  context.fillStyle = '#20242c';
  context.fillRect(0, 0, width, height);
  context.font = '15px "DejaVu Sans Mono", monospace';
  let seed = 1 + screen * 7919;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let y = 18; y < height; y += 18)
    for (let x = 8 + 36 * random(4), words = 4 + random(22); words > 0 && x < width - 120; words--) {
      const word = Array.from({ length: 2 + random(9) }, () => String.fromCharCode(97 + random(26))).join('');
      context.fillStyle = colours[random(8)] ?? colours[0];
      context.fillText(word, x, y);
      x += 9 * (word.length + 1);
    }
  const text = async (blob) => {
    const reader = new FileReader();
    const read = new Promise((resolve) => (reader.onload = () => resolve(String(reader.result).split(',')[1])));
    reader.readAsDataURL(blob);
    return read;
  };
  const { data } = context.getImageData(0, 0, width, height);
  const jpeg = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return { pixels: await text(new Blob([data])), jpeg: await text(jpeg) };
}

/** Runs in the worker. */
async function measure({ target, width, height, jpeg, turns, screens }) {
  const [{ Connection }, { buildAck }, { Decoder }, { decodeJpeg }] = await Promise.all(
    ['console/session/connection', 'console/session/protocol', 'picture/decoder', 'picture/jpeg_decoder'].map((name) => import(`/${name}.js`)),
  );
  /** @type {{body: Uint8Array, check: number}[][]} */
  const shown = [[]];
  let sequence = 0;
  await new Promise((resolve, reject) => {
    const hello = { hidden: false, viewOnly: true, capabilities: 1, page: '0'.repeat(32), lastViewer: 0, lastSequence: 0 };
    const connection = new Connection(target, () => hello, {
      changed: (state) => state.state === 'ended' && reject(new Error(state.why)),
      message(message, at) {
        if (message.type !== 'update') return;
        shown.at(-1).push({ body: message.body.slice(), check: message.check });
        connection.send(buildAck(++sequence, at * 1000, at * 1000));
        if (!message.exact) return;
        if (shown.length < screens) return void shown.push([]);
        connection.stop();
        resolve(null);
      },
    });
    connection.connect();
  });
  const decoder = await Decoder.create(await (await fetch('/lightsout.wasm')).arrayBuffer());
  const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
  const payload = { codec: 'jpeg', stream: 0, key: false, width, height, bytes };
  const [ours, theirs] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    decoder.eraseSlots();
    decoder.resize(width, height, 0);
    const apply = ({ body, check }) => {
      if (!decoder.intact(body, check) || !decoder.apply(body)) throw new Error('An update is malformed.');
    };
    shown.slice(0, -1).flat().forEach(apply);
    const start = performance.now();
    shown.at(-1).forEach(apply);
    const middle = performance.now();
    const { layout } = await decodeJpeg(payload, 0);
    theirs.push(performance.now() - middle);
    ours.push(middle - start);
    if (layout !== 'i420') throw new Error('The JPEG has no planes of its own.');
  }
  const last = shown.at(-1);
  return { ours, theirs, updates: last.length, bytes: last.reduce((sum, { body }) => sum + body.length, 0), jpegBytes: bytes.length };
}

/** A named pipe for frames. @param {string} path */
async function makePipe(path) {
  execFileSync('mkfifo', [path]);
  chmodSync(path, 0o644);
  const pipe = await open(path, constants.O_RDWR);
  const head = Buffer.alloc(23);
  head.write('LSRAW1\n', 'latin1');
  [WIDTH, HEIGHT, 0, BGRX].forEach((value, i) => head.writeUInt32LE(value, 7 + 4 * i));
  await pipe.writeFile(head);
  return pipe;
}

export async function decode({ browser }) {
  const gateway = await Gateway.create({});
  let pipe;
  try {
    const page = await newPage(browser);
    await page.goto('about:blank');
    const screens = [];
    let jpeg = '';
    for (let screen = 0; screen < SCREENS; screen++) {
      const drawn = await page.evaluate(draw, { width: WIDTH, height: HEIGHT, screen });
      const pixels = Buffer.from(drawn.pixels, 'base64');
      for (let i = 0; i < pixels.length; i += 4) [pixels[i], pixels[i + 2]] = [pixels[i + 2], pixels[i]];
      screens.push(pixels);
      jpeg = drawn.jpeg;
    }
    gateway.targets.text = { machine: 'replay', recording: gateway.path('text.raw') };
    pipe = await makePipe(gateway.path('text.raw'));
    await gateway.start();
    await setUp(page, gateway);
    await openConsole(page, gateway, 'text');
    await pipe.writeFile(screens[0]);
    const exact = () => page.evaluate(async () => (await document.querySelector('console-screen')?.hashPixels())?.exact);
    await until(exact, 'the text is on the canvas', 60000);
    const worker = page.workers().find((one) => one.url().endsWith('/console_worker.js'));
    const measured = worker.evaluate(measure, {
      target: 'text', width: WIDTH, height: HEIGHT, jpeg, turns: TURNS, screens: SCREENS,
    });
    for (const screen of screens.slice(1)) {
      await sleep(SCREEN_MS);
      await pipe.writeFile(screen);
    }
    const { ours, theirs, updates, bytes, jpegBytes } = await measured;
    remark(`ours ${spread(ours)} ms, ${bytes} bytes in ${updates} updates (least, p50, p90, p99, most)`);
    remark(`JPEG ${spread(theirs)} ms, ${jpegBytes} bytes`);
    row('decode', 'text-1920x1080', 'browser_ms_per_changed_frame', 'ms', quantile(ours, 0.5), 'mjpeg-q80-420', quantile(theirs, 0.5));
    await page.context().close();
  } finally {
    await pipe?.close();
    await gateway.destroy();
  }
}
