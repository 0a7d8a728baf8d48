/* A probe in the worker that has socket and canvas. It sees each update as it arrives and reads one pixel of the canvas
 * back after each painting, so that "painted" means what is really there; and it counts what goes over the socket. */

/** Runs in the worker. */
function install() {
  const seen = (self.probe = { pixels: [], captured: [], pongs: {}, pings: [], inBytes: 0, outBytes: 0, paintedAt: 0 });
  let last = -1;

  const context = OffscreenCanvasRenderingContext2D.prototype;
  const put = context.putImageData;
  context.putImageData = function (...args) {
    put.apply(this, args);
    const [r, g, b] = this.getImageData(this.canvas.width - 8, this.canvas.height - 8, 1, 1).data;
    const colour = (r << 16) | (g << 8) | b;
    if (colour === last) return;
    last = colour;
    seen.pixels.push({ colour, at: performance.now() });
  };

  const sockets = new WeakSet();
  const received = ({ data }) => {
    const view = new DataView(data);
    seen.inBytes += data.byteLength;
    if (view.getUint8(0) === 0x83) seen.captured.push(view.getUint8(1) & 2 ? view.getUint32(4, true) : NaN);
    if (view.getUint8(0) === 0x88) seen.pongs[view.getUint32(4, true)] = performance.now();
  };
  // An ACK follows each painting at once, and there is one for each update, in order.
  let acks = 0;
  const painted = () => {
    seen.paintedAt ||= performance.now();
    if (seen.pixels.length) seen.pixels.at(-1).update ??= acks;
    acks++;
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (message) {
    const seenUpdates = sockets.has(this);
    if (!seenUpdates) this.addEventListener('message', received);
    sockets.add(this);
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    seen.outBytes += message.byteLength;
    if (view.getUint8(0) === 0x08) seen.pings.push({ value: view.getUint32(4, true), at: performance.now() });
    if (view.getUint8(0) === 0x02 && seenUpdates) painted();
    return send.call(this, message);
  };
}

/** The worker of the page's console, with the probe in it. */
export async function probe(page) {
  const worker = page.workers().find((one) => one.url().endsWith('/console_worker.js'));
  if (!worker) throw new Error('The page has no worker: this browser cannot be measured.');
  await worker.evaluate(`self.probe || (${install})()`);
  return worker;
}

/** What the probe saw. */
export const seenBy = (worker) => worker.evaluate(() => self.probe);
