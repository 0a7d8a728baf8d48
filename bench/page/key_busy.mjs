/* Keys while the gateway is busy with others: the same page uploads an image as fast as it goes, and every pixel of the
 * screen changes all the time. Against the same keys when nothing else goes on. */
import { times } from './key.mjs';
import { quantile, row } from './rows.mjs';

const RECORDING = 'key-a-busy';

/** Runs in the page; goes on until `window.upload` is stopped. */
async function beginUpload() {
  const piece = new Uint8Array(1 << 20);
  for (let at = 0; at < piece.length; at += 65536) crypto.getRandomValues(piece.subarray(at, at + 65536));
  const body = new Blob(Array(1024).fill(piece));
  const version = { 'Tus-Resumable': '1.0.0' };
  const stop = new AbortController();
  const call = async (url, options) => {
    const answer = await fetch(url, options);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const self = (window.upload = { stop: () => stop.abort(), bodies: 0, error: '' });
  const make = async () => {
    const headers = { ...version, 'Upload-Length': `${body.size}`, 'Upload-Metadata': `filename ${btoa('busy.iso')}` };
    return (await call('/api/v1/uploads', { method: 'POST', headers })).headers.get('Location');
  };
  const send = async () => {
    const url = await make();
    const headers = { ...version, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
    self.bodies++;
    await call(url, { method: 'PATCH', headers, body, signal: stop.signal }).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    await fetch(url, { method: 'DELETE', headers: version });
  };
  self.over = (async () => {
    while (!stop.signal.aborted) await send();
  })().catch((error) => (self.error = `${error}`));
}

export async function keyBusy(machine) {
  const { page } = machine;
  const alone = await times(machine);
  await page.evaluate(beginUpload);
  let busy = true;
  const video = (async () => {
    while (busy) {
      const done = machine.serial.answer('N', 120000);
      machine.serial.write('n 20\n');
      await done;
    }
  })();
  const { ours } = await times(machine);
  busy = false;
  await video;
  const error = await page.evaluate(async () => {
    window.upload.stop();
    await window.upload.over;
    return window.upload.error || (window.upload.bodies ? '' : 'Nothing was uploaded.');
  });
  if (error) throw new Error(error);
  row('key', RECORDING, 'p99_ms', 'ms', quantile(ours, 0.99), 'idle', quantile(alone.ours, 0.99));
  row('key', RECORDING, 'p50_ms', 'ms', quantile(ours, 0.5), 'idle', quantile(alone.ours, 0.5));
}
