/* The least that a browser can do to bring a file: a page that slices it and sends each slice over a TLS websocket, and a
 * server that counts what comes and looks at nothing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newPage } from '../tests/web/browser.mjs';
import { acceptSocket } from '../tests/web/websocket.mjs';

const SLICE = 256 << 10;
const AHEAD = 8 << 20; // bytes that may wait in the socket

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'lightsout-loop-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Seconds for the whole file. @param {any} browser @param {string} path @param {number} size */
export async function fileLoop(browser, path, size) {
  let counted = 0, finish;
  const arrived = new Promise((resolve) => (finish = resolve));
  const server = createServer(certificate(), (_, answer) => answer.setHeader('Content-Type', 'text/html').end('<input type=file>'));
  server.on('upgrade', (request, stream) => {
    acceptSocket(request, stream);
    stream.removeAllListeners('data');
    stream.on('data', (data) => (counted += data.length) >= size && finish(undefined));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const page = await newPage(browser);
  try {
    await page.goto(`https://localhost:${port}/`);
    await page.locator('input').setInputFiles(path);
    const begin = performance.now();
    await page.evaluate(sendAll, { slice: SLICE, ahead: AHEAD });
    await arrived;
    return (performance.now() - begin) / 1000;
  } finally {
    await page.context().close();
    server.closeAllConnections();
    server.close();
  }
}

/** In the page; a worker does it, as ours does. */
async function sendAll({ slice, ahead }) {
  const work = async ({ data: { file, url, slice, ahead } }) => {
    const socket = new WebSocket(url);
    await new Promise((resolve) => (socket.onopen = resolve));
    for (let at = 0; at < file.size; at += slice) {
      socket.send(await file.slice(at, at + slice).arrayBuffer());
      while (socket.bufferedAmount > ahead) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    postMessage('sent');
  };
  const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = ${work}`])));
  const sent = new Promise((resolve) => (worker.onmessage = resolve));
  worker.postMessage({ file: document.querySelector('input').files[0], url: `wss://${location.host}/`, slice, ahead });
  await sent;
}
