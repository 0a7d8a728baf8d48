/* Who may call which route, worked out from access and rights alone; and requests that are not what a browser sends. */
import { execFileSync } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { build } from './gateway.mjs';

export const TARGET = 'card';
export const OTHER = 'other';
const ON_GATEWAY = new Set(['library', 'users']);
const ON_BOTH = new Set(['configure', 'audit']);
/** Who takes a target away needs the right on the gateway too, which its handler asks for. */
const ON_GATEWAY_TOO = new Set(['DELETE /api/v1/targets/{target}']);
/** What Node calls a connection that the other side has ended, or does not take yet, before, in and after the handshake. */
const CLOSED = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);
const agent = new Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false });

/** @typedef {{method: string, path: string, access: string, rights: string[], line: string}} Route */
/** @typedef {{target: string, rights: string[]}[]} Grants */

/** Every route of the server's, as its own tables say. @returns {Route[]} */
export function routes() {
  const text = execFileSync(join(build, 'tests/walls/route-list'), { encoding: 'utf8' });
  return text.trim().split('\n').map((line) => {
    const [method, path, access, ...rights] = line.split(' ');
    return { method, path, access, rights, line };
  });
}

/** Something that is not there in each place but the target's. @param {Route} route */
export function pathOf(route, target = TARGET) {
  const absent = { index: '0', drive: '0', session: '999999', token: '999999' };
  return route.path.replace(/\{(\w+)\}/g, (_, name) => (name === 'target' ? target : (absent[name] ?? 'nobody.iso')));
}

/** @param {Grants} grants @param {string} right @param {string|null} target */
function holds(grants, right, target) {
  const has = (/** @type {(at: string) => boolean} */ at) => grants.some((grant) => at(grant.target) && grant.rights.includes(right));
  if (target !== null && !ON_GATEWAY.has(right)) return has((at) => at === target || at === '*');
  if (ON_GATEWAY.has(right) || ON_BOTH.has(right)) return has((at) => at === '');
  return has((at) => at !== ''); // it belongs to no target in particular
}

/** 'open': the handler answers; 'login', 'absent', 'forbidden': it is never reached. @param {Route} route @param {Grants|null} grants */
export function expected(route, grants, target = TARGET) {
  if (route.access === 'public' || route.access === 'setup') return 'open';
  if (!grants) return 'login';
  if (route.access === 'anywhere') return grants.some((grant) => route.rights.every((right) => grant.rights.includes(right))) ? 'open' : 'forbidden';
  const at = route.path.includes('{target}') ? target : null;
  const sees = grants.some((grant) => (grant.target === at || grant.target === '*') && grant.rights.length > 0);
  if (at !== null && !sees) return 'absent';
  if (ON_GATEWAY_TOO.has(`${route.method} ${route.path}`) && !route.rights.every((right) => holds(grants, right, null))) return 'forbidden';
  return route.rights.every((right) => holds(grants, right, at)) ? 'open' : 'forbidden';
}

/** What an answer says of that. @param {{status: number, code: string}} answer */
export function outcome({ status, code }) {
  if (status === 0) return 'closed';
  if (status === 401 && code === 'no-session') return 'login';
  if (status === 429 && code === 'locked-out') return 'login'; // no more tokens are looked at
  if (status === 404 && code === 'no-such-target') return 'absent';
  if (status === 403 && code === 'forbidden') return 'forbidden';
  return 'open';
}

/**
 * One request whose body no handler can use; again when it came sooner than one address may ask, or was not answered.
 * @param {import('./gateway.mjs').Gateway} gateway @param {Route} route
 * @param {{headers?: Record<string, string>, local?: boolean, target?: string, from?: string, body?: string}} [how]
 * @returns {Promise<{status: number, code: string, body: any, headers: import('node:http').IncomingHttpHeaders}>}
 */
export async function call(gateway, route, how = {}) {
  for (let tries = 0; ; tries++) {
    const answer = await ask(gateway, route, how);
    // A kept connection may be closed just when it is used again; and who may restart the gateway has just done so.
    const again = answer.code === 'too-many-requests' || answer.code === 'closed';
    if (!again || tries === 40) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** @type {typeof call} */
function ask(gateway, route, { headers = {}, local = false, target = TARGET, from, body } = {}) {
  const text = route.method === 'GET' || route.method === 'OPTIONS' ? undefined : (body ?? '[]');
  const options = {
    method: route.method, path: pathOf(route, target),
    headers: {
      Host: `localhost:${gateway.port}`,
      ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': `${Buffer.byteLength(text)}`, Origin: gateway.url }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const failed = (/** @type {NodeJS.ErrnoException} */ error) => (CLOSED.has(error.code ?? '') ? resolve({ status: 0, code: 'closed', body: null, headers: {} }) : reject(error));
    const sent = local
      ? httpRequest({ ...options, socketPath: gateway.path('state/run/control.sock') })
      : request({ ...options, host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false, ...(from ? { localAddress: from, agent: false } : { agent }) });
    sent.on('response', (answer) => {
      let said = '';
      answer.setEncoding('latin1');
      answer.on('data', (data) => (said += data));
      answer.on('error', failed);
      answer.on('end', () => {
        let json = null;
        try {
          json = JSON.parse(said);
        } catch {
          // no JSON: an answer without an error
        }
        resolve({ status: answer.statusCode ?? 0, code: json?.error?.code ?? '', body: json, headers: answer.headers });
      });
    });
    sent.on('error', failed);
    sent.end(text);
  });
}

/** Bytes as they are; the status of the answer, 0: the connection was closed. @param {import('./gateway.mjs').Gateway} gateway @param {string} bytes latin1 @returns {Promise<number>} */
export function raw(gateway, bytes) {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host: '127.0.0.1', port: gateway.port, servername: 'localhost', rejectUnauthorized: false }, () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.setEncoding('latin1');
    const done = () => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1] ?? 0));
    };
    socket.on('data', (data) => {
      said += data;
      if (said.includes('\r\n\r\n')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

export const closeAgent = () => agent.destroy();
