/* Drives, library, uploads and the media websocket of a FakeGateway, as docs/api.md and docs/media-protocol.md have them:
 * enough for the page to work against, with every state and fault at a test's will. */
import { randomBytes } from 'node:crypto';
import { until } from './until.mjs';

const ZEROS = '0'.repeat(32);

/** @param {number} index */
export const emptyDrive = (index) => ({
  index, phase: 'empty', kind: 'disk', medium: null, origin: 'library', url: null, size: 0, read_only: true, overlay: 'none', changed: 0,
  bytes_read: 0, bytes_written: 0, rate: 0, idle_ms: null, link: 'good', words: '', copy: null, boot_once: false, locked: false, paused: false,
  firmware: '', id: null, reason: '',
});

/** One page that brings a file. */
export class FakePeer {
  hello = null;
  open = true;
  #asked = 0;
  answers = new Map();

  constructor(socket, media) {
    this.socket = socket;
    this.media = media;
    socket.onmessage = (message) => this.#received(message);
    socket.onclose = () => {
      this.open = false;
      media.peerLeft(this);
    };
  }

  #received(message) {
    if (message[0] === 1) {
      const name = message.subarray(80, 80 + message.readUInt16LE(78)).toString();
      this.hello = {
        drive: message[2], flags: message[3], id: message.subarray(36, 52).toString('hex'), size: Number(message.readBigUInt64LE(52)),
        modified: Number(message.readBigInt64LE(60)), rate: Number(message.readBigUInt64LE(68)), kind: message[76], overlay: message[77], name,
      };
      this.media.greeted(this);
    }
    if (message[0] === 2) this.answers.set(message.readUInt32LE(4), message.subarray(8));
    if (message[0] === 3) this.answers.set(message.readUInt32LE(4), { fail: message[1] });
    if (message[0] === 4) this.withdrawn = true;
  }

  ready(id) {
    const message = Buffer.concat([Buffer.from([0x81, 0, 0, 0, 0, 0, 4, 0, 64, 0, 0, 0]), Buffer.from(id, 'hex')]);
    this.socket.send(message);
  }

  /** @returns {Promise<Buffer|{fail: number}>} */
  async read(offset, length) {
    const request = ++this.#asked;
    const message = Buffer.alloc(20);
    message[0] = 0x82;
    message.writeUInt32LE(request, 4);
    message.writeBigUInt64LE(BigInt(offset), 8);
    message.writeUInt32LE(length, 16);
    this.socket.send(message);
    return until(() => this.answers.get(request), `request ${request} is answered`);
  }

  progress(done, size, complete) {
    const message = Buffer.alloc(20);
    message.set([0x83, complete ? 1 : 0]);
    message.writeBigUInt64LE(BigInt(done), 4);
    message.writeBigUInt64LE(BigInt(size), 12);
    this.socket.send(message);
    Object.assign(this.media.drives[this.hello.drive], { copy: { done, size, complete } });
  }

  end(reason, why = '') {
    const text = Buffer.from(why);
    this.socket.send(Buffer.concat([Buffer.from([0x84, reason, text.length & 255, text.length >> 8]), text]));
    this.socket.close();
  }
}

const json = (response, status, body, headers = {}) =>
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body === undefined ? '' : JSON.stringify(body));
const refuse = (response, status, code, message) => json(response, status, { error: { code, message } });

export class FakeMedia {
  /** @type {FakePeer[]} */
  peers = [];
  images = [];
  folders = [];
  /** name -> more of GET /images/{image} */
  facts = {};
  uploads = [];
  stored = new Map();
  asked = [];
  /** Called before a request is answered: [status, code, message] refuses it. */
  fault = () => null;
  /** Bytes of each PATCH to come after which the connection is cut. @type {number[]} */
  cuts = [];

  /** @param {import('./fake_gateway.mjs').FakeGateway} gateway @param {number} drives */
  constructor(gateway, drives) {
    this.drives = Array.from({ length: drives }, (_, index) => emptyDrive(index));
    gateway.sockets['/media'] = (socket) => this.peers.push(new FakePeer(socket, this));
    gateway.handlers.push((request, response) => this.#handle(request, response));
    gateway.answers['POST /api/v1/targets/pc/ticket?for=media'] = { ticket: '0123456789abcdef0123456789abcdef' };
    const target = gateway.answers['GET /api/v1/targets/pc'];
    Object.defineProperty(gateway.answers, 'GET /api/v1/targets/pc', { get: () => ({ ...target, drives: this.drives }) });
  }

  /** @param {number} known @returns {Promise<FakePeer>} */
  peer(known) {
    return until(() => this.peers[known]?.hello && this.peers[known], `a page brings a file for the ${known + 1}. time`);
  }

  greeted(peer) {
    const { hello } = peer;
    const drive = this.drives[hello.drive];
    const known = hello.id !== ZEROS;
    if (known && drive.id !== hello.id) return peer.end(8, 'It is not the same file.');
    if (!known && drive.phase === 'inserted') return peer.end(3, `Drive ${hello.drive} holds ${drive.medium}.`);
    if (!known)
      Object.assign(drive, emptyDrive(drive.index), {
        phase: 'inserted', kind: 'cdrom', medium: hello.name, origin: 'stream', size: hello.size, id: randomBytes(16).toString('hex'),
        copy: hello.flags & 2 ? { done: 0, size: hello.size, complete: false } : null, boot_once: (hello.flags & 4) !== 0,
      });
    drive.link = 'good';
    peer.ready(drive.id);
  }

  peerLeft(peer) {
    const drive = peer.hello && this.drives[peer.hello.drive];
    if (drive?.origin === 'stream' && drive.phase === 'inserted' && !this.peers.some((other) => other !== peer && other.open)) drive.link = 'waiting';
  }

  #handle(request, response) {
    const { method, url } = request;
    const path = /^\/api\/v1(\/targets\/pc\/drives|\/images|\/uploads|\/folders)(\/.*)?$/.exec(url);
    if (!path) return false;
    const rest = (path[2] ?? '').split('/').slice(1).map(decodeURIComponent);
    const name = { '/targets/pc/drives': 'drives', '/images': 'library', '/uploads': 'tus', '/folders': 'folder' }[path[1]];
    if (method === 'PATCH' && name === 'tus') return void this.#patch(request, response, rest[0]) ?? true;
    const parts = [];
    request.on('data', (part) => parts.push(part)).on('end', () => {
      const text = Buffer.concat(parts).toString();
      const body = text ? JSON.parse(text) : {};
      this.asked.push({ method, path: url.replace('/api/v1', ''), body });
      const fault = this.fault(method, url, body);
      if (fault) return refuse(response, ...fault);
      this[`_${name}`](request, response, rest, body);
    });
    return true;
  }

  _drives({ method }, response, [index, action], body) {
    const drive = this.drives[index];
    if (method === 'GET') return json(response, 200, { drives: this.drives });
    if (action === 'overlay') return json(response, 200, {});
    if (action === 'eject') {
      const peer = this.peers.findLast(({ hello, open }) => open && hello?.drive === drive.index);
      Object.assign(drive, emptyDrive(drive.index));
      peer?.end(1);
    } else if (drive.phase === 'inserted') return refuse(response, 409, 'drive-busy', `Drive ${index} holds ${drive.medium}: eject it first.`);
    else {
      const name = body.image ?? body.url.split('/').at(-1);
      const image = this.images.find((one) => one.name === body.image);
      Object.assign(drive, emptyDrive(drive.index), {
        phase: 'inserted', medium: name, origin: body.url ? 'url' : 'library', url: body.url ?? null, size: image?.size ?? 4e9, read_only: body.read_only,
        overlay: body.overlay, boot_once: body.boot_once, kind: body.kind ?? image?.kind ?? 'cdrom', firmware: this.facts[body.image]?.firmware ?? '',
      });
    }
    json(response, 200, drive);
  }

  _library({ method }, response, [name, action], body) {
    if (!name) return json(response, 200, { images: this.images, free: 41e9, total: 64e9 });
    const image = this.images.find((one) => one.name === name);
    if (!image) return refuse(response, 404, 'no-such-image', `There is no ${name} in the library.`);
    const facts = () => ({ format: 'iso', label: '', hybrid: false, boots: [], disk_boots: [], firmware: '', sha256: null, summing: null, ...this.facts[name] });
    if (action === 'sha256') {
      this.facts[name] = { ...this.facts[name], sha256: 'c0ffee'.repeat(11).slice(0, 64) };
      return json(response, 202, { ...image, ...facts() });
    }
    if (method === 'DELETE') this.images = this.images.filter((one) => one !== image);
    if (method === 'DELETE') return response.writeHead(204).end();
    if (method === 'PATCH') {
      if (this.images.some((one) => one.name === body.name)) return refuse(response, 409, 'name-taken', `The library has a ${body.name} already.`);
      this.facts[body.name] = this.facts[name];
      image.name = body.name;
    }
    json(response, 200, { ...image, ...facts() });
  }

  _folder(_request, response, _rest, body) {
    if (this.images.some((one) => one.name === body.name)) return refuse(response, 409, 'name-taken', `The library has a ${body.name} already.`);
    this.images.push({ name: body.name, size: 0, modified: 0, kind: 'disk', usable: true, why: '', folder: true, in_use: false });
    json(response, 201, {});
  }

  _tus({ method, headers }, response, [id]) {
    const upload = this.uploads.find((one) => one.id === id);
    if (method === 'POST') return this.#create(headers, response);
    if (method === 'GET' && !id) return json(response, 200, { uploads: this.uploads });
    if (!upload) return refuse(response, 404, 'no-such-upload', 'There is no such upload.');
    if (method === 'DELETE') this.uploads = this.uploads.filter((one) => one !== upload);
    if (method === 'GET') return json(response, 200, upload);
    response.writeHead(method === 'HEAD' ? 200 : 204, { 'Upload-Offset': upload.offset, 'Upload-Length': upload.size, 'Tus-Resumable': '1.0.0' }).end();
  }

  #create(headers, response) {
    const pairs = headers['upload-metadata'].split(',').map((pair) => pair.split(' '));
    const { filename, folder = null, replace } = Object.fromEntries(pairs.map(([key, value]) => [key, Buffer.from(value ?? '', 'base64').toString()]));
    const name = filename.replace(/\.(gz|xz|zst)$/, '');
    if (!folder && !replace && this.images.some((one) => one.name === name)) return refuse(response, 409, 'name-taken', `The library has a ${name} already.`);
    const id = randomBytes(16).toString('hex');
    this.uploads.unshift({
      id, name, folder, phase: 'arriving', size: Number(headers['upload-length']), offset: 0, unpacked: 0, rate: 0, seconds_left: null, who: 'anna', why: '', sha256: null,
    });
    this.stored.set(id, []);
    response.writeHead(201, { Location: `/api/v1/uploads/${id}`, 'Tus-Resumable': '1.0.0' }).end();
  }

  async #patch(request, response, id) {
    const upload = this.uploads.find((one) => one.id === id);
    this.asked.push({ method: 'PATCH', path: `/uploads/${id}`, body: Number(request.headers['upload-offset']) });
    const fault = this.fault('PATCH', request.url, null);
    if (fault) return refuse(response, ...fault);
    if (Number(request.headers['upload-offset']) !== upload.offset) return refuse(response, 409, 'offset', 'The offset is another.');
    const cut = this.cuts.shift() ?? Infinity;
    let came = 0;
    for await (const part of request) {
      this.stored.get(id).push(part);
      upload.offset += part.length;
      came += part.length;
      if (came >= cut) return request.socket.destroy();
    }
    if (upload.offset === upload.size) this.#finish(upload);
    response.writeHead(204, { 'Upload-Offset': upload.offset, 'Tus-Resumable': '1.0.0' }).end();
  }

  #finish(upload) {
    Object.assign(upload, { phase: 'done', sha256: 'ab'.repeat(32) });
    if (upload.folder) return;
    this.images = this.images.filter((one) => one.name !== upload.name);
    this.images.push({ name: upload.name, size: upload.size, modified: 0, kind: 'cdrom', usable: true, why: '', folder: false, in_use: false });
  }
}
