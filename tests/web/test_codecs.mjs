/* What updates carry in other formats, by the browser's own decoders: exact pixels, strict order however late a decoder
 * is, and broken data that must never be painted. The gateway is a fake one, which sends what no real one would. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { body, bodyCheck, op } from './bodies.mjs';
import { assertQuiet, canvasHash, inFirefox, launch, newPage, openConsole } from './browser.mjs';
import { FakeGateway } from './fake_gateway.mjs';
import { flat, jpegs, moving, rgbaOf, video, videoPlanes } from './media.mjs';
import { until } from './until.mjs';

const [WIDTH, HEIGHT] = [320, 192];
const [COLUMNS, ROWS] = [WIDTH / 16, HEIGHT / 16];
const WHOLE = [0, 0, COLUMNS, ROWS];
const RED = [200, 30, 40];

let gateway, browser, page;

before(async () => {
  gateway = await FakeGateway.create();
  browser = await launch();
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  gateway?.destroy();
});

/** The page opened anew. What is to be sent is made before: while this process waits for an encoder nobody answers the page,
 * and a gateway that says nothing for seconds is left. */
async function connected(colour = 0) {
  const known = gateway.consoles.length;
  await page.goto('about:blank');
  await openConsole(page, gateway, 'pc');
  const connection = await gateway.connection(known);
  connection.mode(WIDTH, HEIGHT, colour);
  return connection;
}

const hashOf = (rgba) => createHash('sha256').update(rgba).digest('hex');
const shows = async (rgba) => assert.equal((await canvasHash(page)).hash, hashOf(rgba));
async function readCanvas() {
  const text = await page.evaluate(async () => {
    const { pixels } = await document.querySelector('console-screen').readPixels({ canvas: true });
    let bytes = '';
    for (let at = 0; at < pixels.length; at += 8192) bytes += String.fromCharCode(...pixels.subarray(at, at + 8192));
    return btoa(bytes);
  });
  return Buffer.from(text, 'base64');
}

/** dB, over R, G and B. */
function psnr(got, wanted) {
  assert.equal(got.length, wanted.length);
  let sum = 0;
  for (let i = 0; i < got.length; i++) sum += (got[i] - wanted[i]) ** 2;
  return 10 * Math.log10(255 ** 2 / ((sum / got.length) * (4 / 3)));
}

/** Exactly where the browser gives the planes; Firefox gives RGB of limited range, whatever they are. */
async function showsFrame(rgba) {
  if (!inFirefox) return shows(rgba);
  const distance = psnr(await readCanvas(), rgba);
  assert.ok(distance > 30, `${distance.toFixed(1)} dB`);
}

/** A body with one frame that covers the canvas. */
const frame = (codec, data, more = {}) => {
  const cover = codec === 'jpeg' ? op.photo([WHOLE]) : op.video(0, 0, [WHOLE]);
  return body([cover], [{ codec, columns: COLUMNS, rows: ROWS, data, ...more }]);
};
const red = () => body([op.solid(WHOLE, RED)]);
const redRgba = Buffer.alloc(WIDTH * HEIGHT * 4, Buffer.from([...RED, 255]));

test('the page claims what this browser can decode: JPEG, VP8 and VP9', async () => {
  const { hello } = await connected();
  assert.equal(hello.capabilities, 127, 'these, images, the seat, names of viewers, and recordings');
  assert.equal(hello.lastViewer, 0);
  assert.notEqual(hello.page, '0'.repeat(32));
});

const frames = Array.from({ length: 12 }, (_, n) => moving(WIDTH, HEIGHT, n));

for (const codec of /** @type {const} */ (['vp8', 'vp9']))
  for (const colour of [0, 1, 4])
    test(`${codec} on a canvas of colour ${colour}: every frame is painted bit for bit`, async () => {
      const chunks = video(codec, frames.slice(0, 5), WIDTH, HEIGHT);
      const planes = videoPlanes(codec, chunks, WIDTH, HEIGHT);
      const connection = await connected(colour);
      for (const [i, data] of chunks.entries()) {
        await connection.acked(connection.update(frame(codec, data, { key: i === 0 })));
        await showsFrame(rgbaOf(planes[i], WIDTH, HEIGHT, colour || 2));
      }
      assert.equal(connection.refreshes, 0);
    });

for (const colour of [0, 3])
  test(`a JPEG atlas on a canvas of colour ${colour}: its cells go where the rectangles say`, async () => {
    const source = frames[3];
    const [data] = jpegs([source], WIDTH, HEIGHT);
    const connection = await connected(colour);
    // The upper half below, the lower half above.
    const halves = [[0, ROWS / 2, COLUMNS, ROWS / 2], [0, 0, COLUMNS, ROWS / 2]];
    await connection.acked(connection.update(body([op.photo(halves)], [{ codec: 'jpeg', columns: COLUMNS, rows: ROWS, data }])));
    const wanted = rgbaOf(source, WIDTH, HEIGHT, colour || 2);
    const half = wanted.length / 2;
    const distance = psnr(await readCanvas(), Buffer.concat([wanted.subarray(half), wanted.subarray(0, half)]));
    assert.ok(distance > (inFirefox ? 35 : 38), `${distance.toFixed(1)} dB`);
  });

/** In the worker: every picture that a decoder gives comes late, by chance; the red of the canvas's first pixel is remembered
 * and told to whoever asks. */
function delayDecoders() {
  let seed = 7;
  const wait = () => new Promise((go) => setTimeout(go, (seed = (seed * 16807) % 2147483647) % 40));
  const { copyTo } = VideoFrame.prototype;
  VideoFrame.prototype.copyTo = async function (...args) {
    await wait();
    return copyTo.apply(this, args);
  };
  const context = OffscreenCanvasRenderingContext2D.prototype;
  const { putImageData } = context;
  const painted = [];
  context.putImageData = function (...args) {
    putImageData.apply(this, args);
    const [r] = this.getImageData(0, 0, 1, 1).data;
    if (r !== painted.at(-1)) painted.push(r);
  };
  const channel = new BroadcastChannel('painted');
  channel.onmessage = ({ data }) => data === 'ask' && channel.postMessage(painted);
}

async function connectedLate(colour = 0) {
  gateway.prelude = `(${delayDecoders})();\n`;
  try {
    return await connected(colour);
  } finally {
    gateway.prelude = '';
  }
}

const painted = () =>
  page.evaluate(() => {
    const channel = new BroadcastChannel('painted');
    const answer = new Promise((resolve) => {
      channel.onmessage = ({ data }) => Array.isArray(data) && resolve(data);
    });
    channel.postMessage('ask');
    return answer.finally(() => channel.close());
  });

test('decoders that are late at random reorder nothing', async () => {
  // Grey levels that rise: by solid colour, JPEG, and two streams of video, by turns.
  const count = 48;
  const grey = (n) => 30 + 4 * n;
  const flats = Array.from({ length: count }, (_, n) => flat(WIDTH, HEIGHT, [grey(n), 128, 128]));
  const photos = jpegs(flats, WIDTH, HEIGHT);
  const of = (manner) => flats.filter((_, n) => n % 4 === manner);
  const streams = { 2: video('vp8', of(2), WIDTH, HEIGHT), 3: video('vp9', of(3), WIDTH, HEIGHT) };
  const connection = await connectedLate();
  let last = connection.update(red());
  await connection.acked(last);
  for (let n = 0; n < count; n++) {
    const [manner, turn] = [n % 4, n >> 2];
    let content = body([op.solid(WHOLE, [grey(n), grey(n), grey(n)])]);
    if (manner === 1) content = frame('jpeg', photos[n]);
    if (manner > 1) content = frame(manner === 2 ? 'vp8' : 'vp9', streams[manner][turn], { key: turn === 0, stream: manner });
    last = connection.update(content);
  }
  await connection.acked(last);
  assert.deepEqual(connection.acks, Array.from({ length: count + 1 }, (_, i) => i + 1), 'acks in order, each once');
  const seen = (await painted()).slice(-count);
  for (let n = 0; n < count; n++) assert.ok(Math.abs(seen[n] - grey(n)) <= 2, `picture ${n} is of level ${seen[n]}`);
});

test('a mode waits for the pictures before it, and those after it are decoded for the new canvas', async () => {
  const chunks = video('vp8', frames.slice(0, 2), WIDTH, HEIGHT);
  const connection = await connectedLate();
  await connection.acked(connection.update(red()));
  connection.update(frame('vp8', chunks[0], { key: true }));
  connection.mode(WIDTH, HEIGHT, 3);
  await connection.acked(connection.update(frame('vp8', chunks[0], { key: true })));
  const [planes] = videoPlanes('vp8', chunks, WIDTH, HEIGHT);
  await showsFrame(rgbaOf(planes, WIDTH, HEIGHT, 3));
  assert.equal(connection.refreshes, 0);
});

/** Sends what is broken after a red canvas: the canvas must stay red, the page must ask for a new picture and take it. */
async function refuses(broken, more = {}) {
  const connection = await connected();
  connection.update(red(), { exact: true });
  await connection.acked(connection.update(broken, more));
  await until(() => connection.refreshes === 1, 'the page asks for a refresh');
  await shows(redRgba);
  await page.getByText('cannot be shown').first().waitFor();
  // What follows it is not painted either, not even what would be good by itself.
  await connection.acked(connection.update(body([op.solid([0, 0, 1, 1], [1, 2, 3])])));
  await shows(redRgba);
  connection.mode(WIDTH, HEIGHT);
  await shows(redRgba);
  await connection.acked(connection.update(body([op.solid(WHOLE, [9, 99, 199])]), { exact: true }));
  await shows(Buffer.alloc(WIDTH * HEIGHT * 4, Buffer.from([9, 99, 199, 255])));
  assert.equal(connection.refreshes, 1);
}

const [photo] = jpegs([frames[0]], WIDTH, HEIGHT);
const flipped = (data, from) => Buffer.from(data).fill(0x5a, from, from + 64);

test('no JPEG at all', () => refuses(frame('jpeg', Buffer.from('not a picture'))));
test('a JPEG whose header is broken', () => refuses(frame('jpeg', flipped(photo, 2))));
test('half a JPEG', () => refuses(frame('jpeg', photo.subarray(0, photo.length >> 1))));
test('a JPEG of another size than said', () => refuses(body([op.photo([[0, 0, 2, 2]])], [{ codec: 'jpeg', columns: 2, rows: 2, data: photo }])));
for (const codec of /** @type {const} */ (['vp8', 'vp9'])) {
  const [key, delta] = video(codec, frames.slice(0, 2), WIDTH, HEIGHT);
  test(`${codec} that begins without a key frame`, () => refuses(frame(codec, delta)));
  test(`${codec} of which the first bytes are missing`, () => refuses(frame(codec, key.subarray(11), { key: true })));
  test(`${codec} of another size than said`, () =>
    refuses(body([op.video(0, 0, [[0, 0, 2, 2]])], [{ codec, columns: 2, rows: 2, data: key, key: true }])));
}
test('a tile without its data', () => refuses(body([[3, 0, 0, 0]])));
test('a slot that nobody filled', () => refuses(body([op.show(0, 0)])));
test('a payload larger than the screen could need', () =>
  refuses(body([op.photo([[0, 0, 1, 1]])], [{ codec: 'jpeg', columns: 512, rows: 512, data: photo }])));
test('a payload list cut short', () => refuses(Buffer.from([2, 3, 0])));

// What was damaged on its way: browsers take most of it, and would paint it.
const tiles = readFileSync(new URL('../vectors/update/modelled-tiny-1.body', import.meta.url));
const [key] = video('vp8', frames.slice(0, 1), WIDTH, HEIGHT);
for (const [what, sent] of /** @type {[string, Buffer][]} */ ([
  ['a plain colour', body([op.solid(WHOLE, [1, 2, 3])])], ['tiles', tiles], ['a JPEG', frame('jpeg', photo)], ['VP8', frame('vp8', key, { key: true })],
])) {
  const check = bodyCheck(sent);
  for (const at of [0.5, 0.9]) {
    const damaged = Buffer.from(sent);
    damaged[Math.floor(at * sent.length)] ^= 0x10;
    test(`${what} with one wrong bit, ${100 * at} % from its beginning`, () => refuses(damaged, { check }));
  }
  test(`${what} cut short`, () => refuses(sent.subarray(0, -1), { check }));
}
test('a body whose check alone is wrong', () => refuses(red(), { check: bodyCheck(red()) ^ 2 }));

test('a stream that fails goes on after its next key frame', async () => {
  const chunks = video('vp8', frames.slice(0, 3), WIDTH, HEIGHT);
  const planes = videoPlanes('vp8', chunks, WIDTH, HEIGHT);
  const connection = await connected();
  await connection.acked(connection.update(frame('vp8', chunks[0], { key: true })));
  await connection.acked(connection.update(frame('vp8', Buffer.from([0xff, 0xff, 0xff]))));
  await until(() => connection.refreshes === 1, 'the page asks for a refresh');
  connection.mode(WIDTH, HEIGHT);
  await connection.acked(connection.update(frame('vp8', chunks[0], { key: true })));
  await connection.acked(connection.update(frame('vp8', chunks[1])));
  await showsFrame(rgbaOf(planes[1], WIDTH, HEIGHT, 2));
});

test('a codec that keeps failing is given up: the page comes back without it', async () => {
  let connection = await connected();
  const before = gateway.consoles.length;
  for (let n = 1; gateway.consoles.length === before; n++) {
    assert.ok(n <= 3, 'three failures are enough');
    const sequence = connection.update(frame('vp9', Buffer.from('nothing that VP9 knows'), { key: true }));
    await connection.acked(sequence);
    await until(() => connection.refreshes === n || gateway.consoles.length > before, 'the page does something about it');
    connection.mode(WIDTH, HEIGHT);
  }
  connection = await gateway.connection(before);
  assert.equal(connection.hello.capabilities, 119, 'all but VP9');
  assert.equal(connection.hello.lastViewer, 0, 'its slots are not what the gateway thinks');
  connection.mode(WIDTH, HEIGHT);
  await connection.acked(connection.update(frame('jpeg', photo)));
});

test('slots outlive a lost connection; the page says whose they are and how far it came', async () => {
  const first = await connectedLate();
  const { page: identity } = first.hello;
  first.update(body([op.solid([1, 2, 1, 1], RED), op.fill(1, 2)]));
  await first.acked(first.update(body([op.solid([1, 2, 1, 1], [1, 1, 1])])));
  // One that is still being decoded when the connection is lost never counts.
  first.update(frame('jpeg', photo));
  const known = gateway.consoles.length;
  first.socket.destroy();
  const second = await gateway.connection(known);
  const { lastViewer, lastSequence } = second.hello;
  assert.deepEqual({ page: second.hello.page, lastViewer }, { page: identity, lastViewer: first.number });
  assert.ok(lastSequence === 2 || (lastSequence === 3 && first.acks.includes(3)), `update ${lastSequence}`);
  second.mode(WIDTH, HEIGHT);
  await second.acked(second.update(body([op.solid(WHOLE, [0, 0, 0]), op.show(COLUMNS - 1, ROWS - 1)]), { exact: true }));
  const pixels = await readCanvas();
  assert.deepEqual([...pixels.subarray(-4)], [...RED, 255]);
  assert.deepEqual([...pixels.subarray(0, 4)], [0, 0, 0, 255]);
});

test('nothing broke the content security policy or threw', () => assertQuiet(page));
