/* What a gateway on a network must expect: broken messages, forged requests, guessed passwords. Each is provoked and the
 * sentence compared; the others who use the gateway notice nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { CREDENTIALS, Gateway, Rest, SECRET_PASSWORD, assertSane, localClient } from './client.mjs';
import { Viewer, hello, ping } from './console.mjs';

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
/** @type {Viewer} */ let witness; // a viewer whom nothing may disturb

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, other: { machine: 'testcard' } });
  await gateway.start();
});
after(async () => {
  witness?.destroy();
  await gateway?.stop();
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

test('before the set-up every route but set-up and version answers 403', async () => {
  rest = new Rest(gateway);
  assert.deepEqual((await rest.call('GET', '/version')).body.needs_setup, true);
  const routes = [
    ['GET', '/session'], ['POST', '/session'], ['DELETE', '/session'], ['GET', '/targets'], ['GET', '/targets/card'],
    ['GET', '/targets/card/power'], ['POST', '/targets/card/power'], ['PUT', '/targets/card/boot'], ['GET', '/targets/card/drives'],
    ['POST', '/targets/card/drives/0/insert'], ['POST', '/targets/card/drives/0/eject'], ['GET', '/images'],
    ['POST', '/targets/card/ticket'], ['GET', '/targets/card/screenshot'], ['GET', '/targets/card/screen-text'],
    ['POST', '/targets/card/keys'], ['POST', '/targets/card/type'], ['GET', '/targets/card/type'], ['DELETE', '/targets/card/type'],
    ['GET', '/layouts'], ['GET', '/users'], ['POST', '/users'], ['PATCH', '/users/anna'], ['DELETE', '/users/anna'],
    ['GET', '/events'], ['GET', '/statistics'],
  ];
  for (const [method, path] of routes) {
    const answer = await rest.call(method, path, method === 'POST' && path === '/session' ? CREDENTIALS : undefined);
    assert.deepEqual([answer.status, answer.body.error?.code], [403, 'needs-setup'], `${method} ${path}`);
    assert.equal(answer.body.error.message, 'No user exists yet; open the page and set the first one up.');
  }
  const early = await Viewer.connect(rest, 'card');
  assert.match(early.status, /^HTTP\/1.1 403/);
  const secret = await rest.call('POST', '/setup-secret');
  assert.deepEqual([secret.status, secret.body.error.code], [403, 'local-only']);
});

test('of many set-ups at once exactly one wins, every time', async () => {
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      new Rest(gateway).call('POST', '/setup', { secret: gateway.secret, user: `user${i}`, password: CREDENTIALS.password })),
  );
  const statuses = results.map(({ status }) => status).sort();
  assert.equal(statuses.filter((status) => status === 201).length, 1, statuses.join(' '));
  for (const { status, body } of results.filter(({ status }) => status !== 201))
    assert.ok((status === 409 && body.error.code === 'already-set-up') || (status === 403 && body.error.code === 'bad-secret'), JSON.stringify(body));
  const { users } = await localClient(gateway).json('user', 'list');
  assert.equal(users.length, 1);
  const winner = results.findIndex(({ status }) => status === 201);
  assert.equal(users[0].name, `user${winner}`);
  CREDENTIALS.user = users[0].name;
  assert.equal((await rest.logIn(CREDENTIALS.user, CREDENTIALS.password)).status, 200);
});

test('requests from other pages and under other names are refused', async () => {
  const body = { action: 'on' };
  for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { Origin: `http://localhost:${gateway.port}` }]) {
    const { status, body: answer } = await rest.call('POST', '/targets/card/power', body, headers);
    assert.deepEqual([status, answer.error.code], [403, 'bad-origin'], JSON.stringify(headers));
    assert.equal(answer.error.message, "Requests that change something are only taken from the gateway's own pages.");
  }
  const foreign = await rest.call('POST', '/targets/card/power', body, { 'Sec-Fetch-Site': 'cross-site', Origin: undefined });
  assert.equal(foreign.status, 403);
  for (const host of ['evil.example', `evil.example:${gateway.port}`, `localhost.evil.example:${gateway.port}`]) {
    const { status, body: answer } = await rest.call('GET', '/targets', undefined, { Host: host });
    assert.deepEqual([status, answer.error.code], [421, 'wrong-host'], host);
    assert.match(answer.error.message, /^The gateway is not known under this name; use one of its public names/);
  }
  const page = await Viewer.connect(rest, 'card', { Origin: 'https://evil.example' });
  assert.match(page.status, /^HTTP\/1.1 403/);
  await until(() => /upgrade refused with 403: only the gateway's own pages may open a websocket/.test(gateway.log), 'it is logged');
});

test('bodies that are no JSON, too large, of another type or with more than is known are refused', async () => {
  const cases = [
    [{ 'Content-Type': 'text/plain' }, 415, /^Send the body as 'Content-Type: application\/json'\.$/],
    [{ 'Content-Length': '70000' }, 413, /^The body is larger than 65536 bytes\.$/],
    [{ 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, 411, /Content-Length/],
  ];
  for (const [headers, status, text] of cases) {
    const answer = await rest.call('POST', '/session', CREDENTIALS, headers);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.body.error.message, text);
  }
  for (const body of [[], 'text', { user: 5, password: 'x' }, { ...CREDENTIALS, admin: true }, { user: CREDENTIALS.user }]) {
    const answer = await rest.call('POST', '/session', body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.ok(answer.body.error.message.length > 10);
  }
});

test('a ticket opens one console of one target, once', async () => {
  witness = await Viewer.open(rest, 'card');
  const ticket = await Viewer.ticket(rest, 'card');
  const first = await Viewer.connect(rest, 'card');
  first.send(hello(ticket));
  await first.message(0x81);
  const second = await Viewer.connect(rest, 'card');
  second.send(hello(ticket));
  assert.deepEqual(await second.end(), { reason: 6, why: 'The ticket is not valid, or not any more; ask for a new one.', code: 1008 });
  const elsewhere = await Viewer.connect(rest, 'other');
  const own = await Viewer.ticket(rest, 'card');
  elsewhere.send(hello(own));
  assert.equal((await elsewhere.end()).reason, 6);
  const used = await Viewer.connect(rest, 'card');
  used.send(hello(own));
  assert.equal((await used.end()).reason, 6, "shown at another target's door it is used up");
  await first.pong(7);
  first.destroy();
});

test('broken console messages end that session with a logged reason, and disturb nobody', async () => {
  const broken = [
    [Buffer.alloc(0), 'an empty message'],
    [Buffer.from([0x7f, 0, 0, 0]), 'a message of unknown type'],
    [Buffer.from([0x83, 0, 0, 0]), 'a message of unknown type'],
    [Buffer.from([3, 1, 4]), 'a message shorter or longer than its type says'],
    [Buffer.from([3, 1, 4, 0, 0]), 'a message shorter or longer than its type says'],
    [Buffer.from([3, 2, 4, 0]), 'KEY that is neither down nor up'],
    [Buffer.from([4, 0, 0xff, 0xff, 0, 0, 0, 0]), 'POINTER_ABS outside the picture'],
    [Buffer.from([4, 0x80, 0, 0, 0, 0, 0, 0]), 'POINTER_ABS with unknown buttons'],
    [Buffer.from([5, 0x20, 0, 0, 0, 0, 0, 0]), 'POINTER_REL with unknown buttons'],
    [Buffer.from([8, 1, 0, 0, 0, 0, 0, 0]), 'PING with reserved bytes set'],
    [Buffer.from([6, 0, 0, 1]), 'reserved bytes set'],
    [Buffer.from([9, 2, 0, 0]), 'a switch that is neither 0 nor 1'],
    [Buffer.from([2, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]), 'an ACK for an update that is not on its way'],
    [hello('0'.repeat(32)), 'a second HELLO'],
    [Buffer.alloc(513, 8), 'a message above 512 bytes'],
    [Buffer.alloc(200000, 8), 'a message above 512 bytes'],
  ];
  for (const [bytes, words] of broken) {
    const viewer = await Viewer.open(rest, 'card', 1); // hidden: only its own messages come back
    const number = viewer.messages[0].readUInt32LE(4);
    viewer.send(bytes);
    assert.deepEqual(await viewer.end(), { reason: 2, why: `The console protocol was broken by ${words}.`, code: 1002 }, words);
    await until(() => gateway.log.includes(`viewer ${number} sent ${words}`), `the log says: ${words}`);
    await witness.pong(number & 255);
  }
  const text = await Viewer.open(rest, 'card', 1);
  text.send(ping(1), { opcode: 1 });
  assert.equal((await text.end()).why, 'The console protocol was broken by a message that is not binary.');
  const eager = await Viewer.connect(rest, 'card');
  eager.send(ping(1));
  assert.equal((await eager.end()).why, 'The console protocol was broken by a message in front of HELLO.');
  await witness.pong(200);
  assert.ok(!witness.closed);
});

test('a message in single bytes and pieces is a message like any other', async () => {
  const viewer = await Viewer.open(rest, 'card', 1);
  const bytes = ping(42);
  bytes.forEach((_, i) => viewer.send(bytes.subarray(i, i + 1), { opcode: i ? 0 : 2, final: i === bytes.length - 1 }));
  await until(() => viewer.messages.some((one) => one[0] === 0x88 && one[4] === 42), 'the ping is answered');
  viewer.destroy();
});

test('broken websocket frames, TLS and HTTP close that connection and no other', async () => {
  for (const bytes of [Buffer.from([0x82, 0x02, 1, 2]), Buffer.from([0xf2, 0x80, 0, 0, 0, 0]), Buffer.from([0x8b, 0x80, 0, 0, 0, 0]), Buffer.from([0x82, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])]) {
    const viewer = await Viewer.open(rest, 'card', 1);
    viewer.raw(bytes);
    viewer.raw(randomBytes(2000));
    await viewer.end();
  }
  for (const bytes of [randomBytes(3000), Buffer.from('GET / HTTP/1.1\r\n'.padEnd(200000, 'x')), Buffer.from([22, 3, 1, 255, 255, 1])]) {
    const socket = connect(gateway.port, '127.0.0.1');
    let ended = false;
    socket.on('error', () => {}).on('close', () => (ended = true));
    socket.resume();
    socket.end(bytes);
    await until(() => ended, 'the connection ends');
  }
  const cut = await Viewer.open(rest, 'card');
  cut.raw(Buffer.from([0x82, 0xfe])); // the beginning of a frame, and then nothing
  cut.destroy();
  await witness.pong(201);
  assert.equal((await rest.call('GET', '/targets')).status, 200);
  assert.equal((gateway.log.match(/gateway is ready/g) ?? []).length, 1, 'the gateway never had to be started again');
});

test('Operator and ReadOnly get 403 for what they lack, and nothing happens', async () => {
  const as = async (/** @type {string} */ role) => {
    const made = await rest.call('POST', '/users', { name: role.toLowerCase(), role, password: SECRET_PASSWORD });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const other = new Rest(gateway);
    assert.equal((await other.logIn(role.toLowerCase(), SECRET_PASSWORD)).status, 200);
    return other;
  };
  const operator = await as('Operator'), reader = await as('ReadOnly');
  const administrative = [['GET', '/users'], ['GET', '/events'], ['GET', '/statistics'], ['DELETE', `/users/${CREDENTIALS.user}`]];
  const changing = [
    ['POST', '/users', { name: 'eve', role: 'Administrator', password: SECRET_PASSWORD }],
    ['PATCH', '/users/readonly', { role: 'Administrator' }], ['PATCH', '/users/operator', { role: 'Administrator' }],
  ];
  const operating = [
    ['POST', '/targets/card/power', { action: 'hard-off' }], ['PUT', '/targets/card/boot', { boot: 'cd' }],
    ['POST', '/targets/card/keys', { keys: ['a'] }], ['POST', '/targets/card/type', { text: 'a' }], ['DELETE', '/targets/card/type'],
    ['POST', '/targets/card/drives/0/insert', { image: 'x.iso' }], ['POST', '/targets/card/drives/0/eject', { force: true }],
  ];
  for (const [who, routes] of [[operator, [...administrative, ...changing]], [reader, [...administrative, ...changing, ...operating]]])
    for (const [method, path, body] of routes) {
      const answer = await who.call(method, path, body);
      assert.equal(answer.status, 403, `${method} ${path}: ${JSON.stringify(answer.body)}`);
      assert.match(answer.body.error.code, /^(forbidden|no-right|not-allowed|denied)/);
    }
  assert.equal((await rest.call('GET', '/targets/card/power')).body.state, 'on');
  assert.equal((await operator.call('POST', '/targets/card/keys', { keys: ['a'], force: true })).status, 204);
  assert.equal((await reader.call('GET', '/targets')).body.targets.length, 2);
  const watching = await Viewer.open(reader, 'card', 1);
  assert.equal(watching.messages[0][2] & 1, 0, 'WELCOME says that it may not type');
  watching.send(Buffer.from([3, 1, 4, 0]));
  watching.send(Buffer.from([7, 1, 0, 0]));
  await watching.pong(3);
  await rest.call('PATCH', '/users/readonly', { enabled: false });
  assert.equal((await watching.end()).reason, 3, 'the console of a user who was switched off ends');
  assert.equal((await reader.call('GET', '/targets')).status, 401);
});

test('guessing is locked out: 429 with Retry-After, in words too', async () => {
  const guess = (/** @type {number} */ n) => new Rest(gateway).logIn('operator', `wrong guess number ${n}`);
  for (let n = 0; n < 5; n++) {
    const { status, body } = await guess(n);
    assert.deepEqual([status, body.error.message], [401, 'User name or password is wrong.']);
  }
  // each lock is twice as long as the one before: soon longer than a busy machine takes to ask twice
  let n = 5;
  const right = await until(async () => {
    const asked = Date.now(), locked = await guess(n++);
    if (locked.status !== 429) return null;
    const seconds = Number(locked.headers['retry-after']);
    assert.ok(seconds >= 1);
    assert.match(locked.body.error.message, /^Too many failed tries; try again in \d+ s\.$/);
    const answer = await new Rest(gateway).logIn('operator', SECRET_PASSWORD);
    return Date.now() - asked < (seconds - 1) * 1000 ? answer : null;
  }, 'guessing is locked out');
  assert.equal(right.status, 429, 'the right password does not tell either');
  const nobody = await new Rest(gateway).logIn('nobody', 'wrong guess');
  assert.ok([401, 429].includes(nobody.status));
  assert.equal((await rest.call('GET', '/targets')).status, 200, 'who is logged in stays so');
  assert.match(await localClient(gateway).ok('events'), /locked-out/);
});

test('the witness saw none of all this', async () => {
  await witness.pong(99);
  assert.ok(!witness.closed);
});
