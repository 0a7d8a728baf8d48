/* node media.mjs BUILD: how fast media come into a machine: a file of the library against nbdkit's file plugin, a file of a
 * browser against the bare loop, and over a slow link against the link itself. Prints rows of bench.json; docs/bench.md. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, writeSync, closeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { launch, newPage, setUp } from '../tests/web/browser.mjs';
import { ShapedLink } from '../tests/web/shaped_link.mjs';
import { until } from '../tests/web/until.mjs';
import { Gateway, Rest, CREDENTIALS } from '../tests/vm/target/client.mjs';
import { fileLoop } from './file_loop.mjs';
import { MachineReader } from './machine_reader.mjs';
import { quantile, remark, row } from './page/rows.mjs';

const MIB = 1 << 20;
const SIZE = Number(process.env.BENCH_MEDIA_MIB ?? 384) * MIB;
const SLOW_SIZE = 64 * MIB; // 11 s: the first round trips are no part of a rate
const TURNS = 5;
const LINK = { rate: 50e6 / 8, upRate: 50e6 / 8, rttMs: 100 };

function makeFile(path, size) {
  const file = openSync(path, 'w', 0o644);
  for (let at = 0; at < size; at += MIB) writeSync(file, randomBytes(MIB));
  closeSync(file);
}

const perGib = (size, seconds) => (quantile(seconds, 0.5) / size) * 2 ** 30;

class Bench {
  async begin() {
    const gateway = (this.gateway = await Gateway.create({
      demo: { machine: 'qemu', accel: 'tcg', memory: 128, nic: 'none', lifetime: 'supervisor', drives: 2 },
    }));
    gateway.targets.demo['extra-arguments'] = `-qmp unix:${gateway.path('monitor')},server=on,wait=off`;
    mkdirSync(gateway.path('images'), { mode: 0o755 });
    makeFile(gateway.path('images/large.iso'), SIZE);
    makeFile(gateway.path('images/small.iso'), SLOW_SIZE);
    chmodSync(gateway.folder, 0o777); // the machine's own user makes its monitor there
    await gateway.start();
    this.browser = await launch();
    this.page = await newPage(this.browser);
    await setUp(this.page, gateway);
    this.rest = new Rest(gateway);
    await this.rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
    await until(async () => (await this.rest.call('GET', '/targets/demo')).body.power === 'off', 'the machine is there');
    this.reader = await MachineReader.connect(gateway.path('monitor'));
  }

  async library() {
    const socket = this.gateway.path('peer.sock');
    const peer = spawn('nbdkit', ['-f', '-r', '-U', socket, 'file', this.gateway.path('images/large.iso')], { stdio: 'ignore' });
    try {
      await until(() => existsSync(socket), 'nbdkit listens');
      chmodSync(socket, 0o666); // the machine is another user
      await this.reader.addPeer('peer', socket);
      await this.#insert({ image: 'large.iso', kind: 'cdrom' });
      const node = await this.reader.mediumNode();
      const [ours, theirs] = [[], []];
      for (let i = 0; i < TURNS; i++) {
        theirs.push(await this.reader.readAll('peer', SIZE));
        ours.push(await this.reader.readAll(node, SIZE));
      }
      remark(`s, ours: ${ours.map((s) => s.toFixed(3))} nbdkit: ${theirs.map((s) => s.toFixed(3))}`);
      row('media', 'library', 's_per_gib', 's', perGib(SIZE, ours), 'nbdkit-file', perGib(SIZE, theirs));
      await this.#eject();
    } finally {
      peer.kill();
    }
  }

  async browserFile() {
    const [ours, theirs] = [[], []];
    for (let i = 0; i < 3; i++) {
      theirs.push(await fileLoop(this.browser, this.gateway.path('images/large.iso'), SIZE));
      await this.#serve(this.page, 'images/large.iso');
      ours.push(await this.reader.readAll(await this.reader.mediumNode(), SIZE));
      await this.#eject();
    }
    row('media', 'browser', 's_per_gib', 's', perGib(SIZE, ours), 'file-slice-websocket', perGib(SIZE, theirs));
  }

  /** The page's address must be one of ours: the link has the gateway's port, at another loopback address. */
  async slowLink() {
    const link = await ShapedLink.create('127.0.0.2', this.gateway.port, this.gateway.port);
    const browser = await launch(['--host-resolver-rules=MAP localhost 127.0.0.2']);
    try {
      const page = await newPage(browser);
      await page.goto(this.gateway.url);
      await page.getByLabel('User name', { exact: true }).fill(CREDENTIALS.user);
      await page.getByLabel('Password', { exact: true }).fill(CREDENTIALS.password);
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await page.getByRole('heading', { name: 'Targets' }).waitFor();
      link.shape = LINK;
      await this.#serve(page, 'images/small.iso');
      const seconds = await this.reader.readAll(await this.reader.mediumNode(), SLOW_SIZE);
      row('media', 'slow-link', 's_per_gib', 's', perGib(SLOW_SIZE, [seconds]), 'link', 2 ** 30 / LINK.upRate);
      await this.#eject();
    } finally {
      await browser.close();
      link.destroy();
    }
  }

  async #insert(body) {
    const answer = await this.rest.call('POST', '/targets/demo/drives/0/insert', body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  async #eject() {
    const answer = await this.rest.call('POST', '/targets/demo/drives/0/eject', { force: true });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    await until(async () => !(await this.reader.mediumNode()), 'the medium is out');
  }

  /** By the page's own worker, without its dialogs. */
  async #serve(page, name) {
    await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'bench' })));
    await page.locator('#bench').setInputFiles(this.gateway.path(name));
    await page.evaluate(() => {
      const worker = new Worker('/media/media_worker.js', { type: 'module' });
      const [file] = document.querySelector('#bench').files;
      const options = { kind: 'cdrom', overlay: 'none', writable: false, copy: false, bootOnce: false, rate: 0 };
      worker.postMessage({ key: 1, type: 'serve', start: { target: 'demo', drive: 0, file, options, id: null } });
      document.querySelector('#bench').remove();
    });
    await until(() => this.reader.mediumNode(), 'the machine has the medium', 60000);
  }

  async end() {
    this.reader?.destroy();
    await this.browser?.close();
    await this.gateway?.destroy();
  }
}

const bench = new Bench();
try {
  await bench.begin();
  const parts = { library: () => bench.library(), browser: () => bench.browserFile(), 'slow-link': () => bench.slowLink() };
  const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(parts);
  for (const name of wanted) {
    remark(name);
    await parts[name]();
  }
} finally {
  await bench.end();
}
