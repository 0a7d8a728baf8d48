/* Which routes a command asks for: `lightsout` is run for each at an address of ours, where what is asked is written down and
 * handed on to the gateway's local socket. */
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from './gateway.mjs';

/** Answered here: what would end the gateway, set the machine's clock, or needs an account. @type {Record<string, [number, unknown]>} */
const OURS = {
  'POST /api/v1/gateway/restart': [202, {}],
  'POST /api/v1/system/clock': [409, { error: { code: 'clock-synchronised', message: 'No.' } }],
  'POST /api/v1/account/totp': [200, { secret: 'ABC', uri: 'otpauth://totp/x' }],
  'POST /api/v1/account/totp/confirm': [200, { recovery: ['one'] }],
};

const HANG_MS = 120000;

export class Recorder {
  /** What was asked since the last command began: 'GET /api/v1/...', without queries. @type {string[]} */
  asked = [];
  /** What the gateway answered to it, as JSON. @type {{line: string, status: number, body: any}[]} */
  answered = [];
  /** @type {(() => void)|null} */ #onAsked = null;

  /** @param {string} gateway its local socket @param {string} folder for files of ours */
  constructor(gateway, folder) {
    const [key, certificate] = ['recorder.key', 'recorder.crt'].map((name) => join(folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
      '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    this.token = join(folder, 'recorder.token');
    writeFileSync(this.token, 'ab12\n');
    this.fingerprint = new X509Certificate(readFileSync(certificate)).fingerprint256;
    this.server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, answer) => this.#take(gateway, incoming, answer));
    this.server.on('upgrade', (_, socket) => socket.destroy());
  }

  listen() {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', () => resolve(undefined)));
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** @param {string} gateway @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} answer */
  #take(gateway, incoming, answer) {
    const { method = '', url: path = '', headers: { origin, cookie, ...headers } } = incoming;
    const line = `${method === 'HEAD' ? 'GET' : method} ${path.split('?')[0]}`;
    this.asked.push(line);
    this.#onAsked?.();
    if (line in OURS) {
      incoming.resume();
      answer.writeHead(OURS[line][0], { 'Content-Type': 'application/json' }).end(JSON.stringify(OURS[line][1]));
      return;
    }
    const onward = request({ socketPath: gateway, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
      if (answered.headers['content-type'] === 'application/json')
        text(answered).then((body) => this.answered.push({ line, status: answered.statusCode ?? 0, body: JSON.parse(body) }), () => {});
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  }

  /**
   * Runs it to its end, or until it has asked for `until`. @param {string[]} args @param {{input?: string, until?: string, env?: Record<string, string>}} [how]
   * @returns {Promise<{asked: string[], out: string, err: string}>}
   */
  run(args, { input = '', until = '', env = {} } = {}) {
    this.asked = [];
    const at = ['--url', `https://127.0.0.1:${this.server.address().port}`, '--fingerprint', this.fingerprint, '--token-file', this.token];
    const child = spawn(join(build, 'gateway/lightsout'), [...at, ...args], { env: { ...process.env, ...env }, timeout: HANG_MS });
    let out = '', err = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
    this.#onAsked = () => void (until && this.asked.includes(until) && child.kill('SIGKILL'));
    return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve({ asked: this.asked, out, err })));
  }
}

/**
 * One use of each command at least, in an order in which what is needed is there: card is a test card, vm a machine. {x} is a
 * file of the test's, {id} the recording's. What the gateway answers does not matter, only what it was asked.
 * @type {[string, {input?: string, until?: string}?][]}
 */
export const USES = [
  ['version'], ['events'], ['setup-secret'], ['whoami'], ['clock'], ['clock now'], ['statistics'],
  ['account password', { input: 'one\ntwo\n' }], ['account second-factor', { input: '123456\n' }], ['account drop-second-factor', { input: 'one\n' }],
  ['token list'], ['token make t'], ['token revoke 999999'], ['session list'], ['session end 999999'], ['session end-others'],
  ['user list'], ['user add bea Operator', { input: 'a lamp in the cellar\n' }], ['user password bea', { input: 'a lamp in the attic\n' }],
  ['user role bea ReadOnly'], ['user disable bea'], ['user enable bea'], ['user certificate bea'], ['user drop-second-factor bea'], ['token list --user bea'], ['token revoke 999999 --user bea'], ['user delete bea'],
  ['directory test bea', { input: 'one\n' }], ['audit'], ['audit state'], ['audit key'], ['audit mac-key'], ['audit export {out}'], ['audit verify'],
  ['target list'], ['target show card'], ['target events card'], ['target add extra machine=testcard'], ['target remove extra'],
  ['config show'], ['config diff'], ['config get gateway listen'], ['config keys'], ['config test card title=a'], ['config set card title=a'], ['config unset card title'],
  ['config confirm'], ['config revert'], ['gateway restart'], ['devices'], ['devices test gpio gpiochip0:1'],
  ['certificate show'], ['certificate request'], ['certificate test {file}'], ['certificate set {file}'], ['certificate generated'], ['certificate confirm'], ['certificate revert'],
  ['power state vm'], ['power on card'], ['power off card'], ['power hard-off card'], ['power reset card'], ['power nmi card'], ['boot vm cd'],
  ['media folder shelf'], ['media upload {file} --name a.img'], ['media upload {file} --folder shelf --name b.txt'], ['media uploads'], ['media cancel 0123456789abcdef'],
  ['media images'], ['media info a.img'], ['media sha256 a.img'], ['media download a.img {out}'], ['media rename a.img c.img'],
  ['media list vm'], ['media insert vm shelf'], ['media eject vm'], ['media overlay vm discard'], ['media delete shelf b.txt'], ['media delete c.img'],
  ['media insert vm --file {file}', { until: 'POST /api/v1/targets/vm/ticket' }],
  ['export list'], ['export add e shelf psk:ann'], ['export delete e'],
  ['capture card'], ['edid card'], ['edid card --preset 1080p60'], ['edid card --save {out}'], ['usb card'], ['usb card auto'], ['usb card accept'],
  ['screenshot card {out}.png'], ['screen-text card'], ['wait-text card nothing --timeout 1'], ['viewers card'], ['viewers card disconnect 5'],
  ['key card enter'], ['pointer card move 50% 10 click right 2 by -3 4 wheel -1 down pause 5 up --force'], ['type card a'], ['type card --status'], ['type card --stop'], ['layouts'], ['layout us'], ['seat card'], ['seat card release'],
  ['macro put card m {macro}'], ['macro put card n {macro} --new'], ['macro list card'], ['macro show card m'], ['macro run card m'], ['macro stop card'], ['macro delete card m'],
  ['jiggler card'], ['jiggler card 60'],
  ['record start card'], ['record state card'], ['record stop card'], ['record list'], ['record show {id}'], ['record get {id} {out}'], ['record get {id} {out} --poster'],
  ['record get {id} {out} --picture 0'], ['record start card --every 1'], ['record stop card'], ['record get {id} {out}'], ['record change {id} --pin'], ['record delete {id}'],
  ['login ann', { input: 'one\n' }], ['logout'],
];

/** Those that ask no route of the API, or any. */
export const OTHERS = ['doctor', 'backup', 'restore', 'api', 'complete'];
