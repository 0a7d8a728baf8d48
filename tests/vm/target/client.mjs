/* How a script meets the gateway: the command-line client, and bare HTTPS requests. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:https';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CREDENTIALS, Gateway, build, root } from '../../web/gateway.mjs';

export const GRUB = 'grub-rescue-cdrom.iso';
export const SECRET_PASSWORD = 'four horses on a hill';

/** A virtual machine that starts quickly. */
export const MACHINE = { machine: 'qemu', accel: 'tcg', memory: 128, nic: 'none', lifetime: 'supervisor' };

/** A library that holds the GRUB rescue disc, at least. @param {Gateway} gateway */
export function fillLibrary(gateway) {
  const unpacked = execFileSync(join(root, 'packaging/unpack-package'), ['grub-rescue-pc', join(root, 'build/packages')]);
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  copyFileSync(join(unpacked.toString().trim(), 'usr/lib/grub-rescue', GRUB), gateway.path(`images/${GRUB}`));
  chmodSync(gateway.path(`images/${GRUB}`), 0o644);
}

/** What a sanitizer printed in any of its runs. @param {Gateway} gateway */
export function assertSane(gateway) {
  assert.doesNotMatch(gateway.history, /AddressSanitizer|LeakSanitizer|runtime error:/);
}

/**
 * Runs `lightsout` to its end.
 * @param {string[]} args @param {{input?: string, env?: Record<string, string>, user?: number}} [options]
 * @returns {Promise<{code: number|null, out: string, bytes: Buffer, err: string}>}
 */
export function lightsout(args, { input = '', env = {}, user } = {}) {
  const child = spawn(join(build, 'gateway/lightsout'), args, { env: { ...process.env, ...env }, uid: user, gid: user });
  /** @type {Buffer[]} */ const out = [];
  let err = '';
  child.stdout.on('data', (data) => out.push(data));
  child.stderr.on('data', (data) => (err += data));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const bytes = Buffer.concat(out);
      resolve({ code, out: bytes.toString(), bytes, err });
    });
  });
}

/** `lightsout` over the local socket of this gateway. @param {Gateway} gateway */
export function localClient(gateway) {
  const socket = gateway.path('state/run/control.sock');
  const run = (/** @type {string[]} */ ...args) => lightsout(['--socket', socket, ...args]);
  /** It must work; what it printed. @param {string[]} args */
  const ok = async (...args) => {
    const { code, out, err } = await run(...args);
    assert.equal(code, 0, `lightsout ${args.join(' ')}: ${err}`);
    assert.equal(err, '');
    return out;
  };
  /** It must be refused like this. @param {string[]} args @param {number} code @param {RegExp|string} text */
  const refused = async (args, code, text) => {
    const answer = await run(...args);
    if (typeof text === 'string') assert.equal(answer.err, `lightsout: ${text}\n`);
    else assert.match(answer.err, text);
    assert.equal(answer.code, code, answer.err);
    assert.equal(answer.out, '');
  };
  const json = async (/** @type {string[]} */ ...args) => JSON.parse(await ok('--json', ...args));
  /** With this on standard input. @param {string} input @param {string[]} args */
  const fed = (input, ...args) => lightsout(['--socket', socket, ...args], { input });
  return { run, ok, refused, json, fed, socket };
}

/** HTTPS as a browser's script would use it, cookie included. */
export class Rest {
  cookie = '';

  /** @param {Gateway} gateway */
  constructor(gateway) {
    this.gateway = gateway;
  }

  /**
   * @param {string} method @param {string} path below /api/v1 @param {object} [body]
   * @param {Record<string, string|undefined>} [headers] undefined takes one away
   * @returns {Promise<{status: number, headers: import('node:http').IncomingHttpHeaders, body: any, bytes: Buffer}>}
   */
  call(method, path, body, headers = {}) {
    const text = body === undefined ? (method === 'GET' ? undefined : '{}') : JSON.stringify(body);
    const all = {
      ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': `${Buffer.byteLength(text)}` }),
      ...(method === 'GET' ? {} : { Origin: this.gateway.url }),
      ...(this.cookie ? { Cookie: this.cookie } : {}),
      ...headers,
    };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const options = { host: '127.0.0.1', port: this.gateway.port, method, path: `/api/v1${path}`, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, headers: { Host: `localhost:${this.gateway.port}`, ...given }, agent: false }, (answer) => {
        /** @type {Buffer[]} */ const parts = [];
        answer.on('data', (data) => parts.push(data));
        answer.on('error', reject);
        answer.on('end', () => {
          const bytes = Buffer.concat(parts);
          const said = bytes.toString();
          const set = answer.headers['set-cookie']?.[0]?.split(';')[0];
          if (set) this.cookie = set;
          const json = /[/+]json/.test(answer.headers['content-type'] ?? '') && said;
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: json ? JSON.parse(said) : said, bytes });
        });
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** The same, and it must work; the answer's body. @param {string} method @param {string} path @param {object} [body] */
  async ok(method, path, body) {
    const answer = await this.call(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}\n${this.gateway.log.slice(-3000)}`);
    return answer.body;
  }

  /** The first user. */
  async setUp() {
    const answer = await this.call('POST', '/setup', { secret: this.gateway.secret, ...CREDENTIALS });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }

  /** @param {string} user @param {string} password */
  logIn(user, password) {
    return this.call('POST', '/session', { user, password });
  }
}

export { CREDENTIALS, Gateway };
