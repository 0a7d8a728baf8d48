/* Update bodies (docs/update-format.md) and the messages around them, written by hand: what a gateway could send, and what
 * none should. */

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

const folded = (value) => varint(value < 0 ? -2 * value - 1 : 2 * value);
const numbers = (...values) => values.flatMap(varint);

/** @typedef {[number, number, number, number]} Cells x, y, width, height */
export const op = {
  /** @param {Cells} cells @param {number[]} bytes as they stand on the canvas */
  solid: (cells, bytes) => [1, ...numbers(...cells), ...bytes],
  copy: (cells, dx, dy) => [2, ...numbers(...cells), ...folded(dx), ...folded(dy)],
  /** One cell into slot 0, which is the first one of a body that forgets: the decisions 1, 1. @param {number} x @param {number} y */
  fill: (x, y) => [4, ...numbers(x, y, 1, 1, 1), 0xc0],
  /** One cell from slot 0: the decision 1, then fourteen times 0. */
  show: (x, y) => [5, ...numbers(x, y, 1, 1, 2), 0x7f, 0xff],
  mark: (cells) => [6, ...numbers(...cells)],
  /** @param {Cells[]} rects */
  photo: (rects) => [7, ...varint(rects.length), ...rects.flatMap((cells) => numbers(...cells))],
  video: (x, y, rects) => [8, ...numbers(x, y, rects.length), ...rects.flatMap((cells) => numbers(...cells))],
};

const KINDS = { jpeg: 0, vp8: 1, vp9: 2 };

/** columns, rows: of cells. @param {{codec: 'jpeg'|'vp8'|'vp9', columns: number, rows: number, data: Uint8Array, key?: boolean, stream?: number}} payload */
function payloadBytes({ codec, columns, rows, data, key = false, stream = 0 }) {
  return [KINDS[codec] | (key ? 4 : 0) | (stream << 3), ...numbers(columns, rows, data.length), ...data];
}

/** @param {number[][]} ops @param {any[]} [payloads] */
export function body(ops, payloads = []) {
  const all = ops.flat();
  return Buffer.from([2, 1 | (payloads.length << 1), ...payloads.flatMap(payloadBytes), ...varint(all.length), ...all]);
}

/** @param {number} width @param {number} height @param {number} [colour] */
export function mode(width, height, colour = 0) {
  const message = Buffer.from([0x82, colour, 0, 0, 0, 0, 0, 0]);
  message.writeUInt16LE(width, 4);
  message.writeUInt16LE(height, 6);
  return message;
}

/** The check of a body, from what docs/console-protocol.md says. @param {Uint8Array} body */
export function bodyCheck(body) {
  const mix = (hash, word) => {
    const product = Math.imul(hash ^ word, 0x85ebca6b);
    return product ^ (product >>> 15);
  };
  let hash = 0x9e3779b9;
  let odd = 0;
  for (let at = 0; at <= body.length - (body.length % 4); at += 4) {
    let word = 0;
    for (let i = 0; i < 4 && at + i < body.length; i++) word |= body[at + i] << (8 * i);
    hash = mix(hash, word);
    odd ^= word;
  }
  const high = Math.imul(mix(hash, body.length), 0xc2b2ae35) >>> 16;
  for (let half = 16; half; half >>= 1) odd ^= odd >>> half;
  return (high & 0xfffe) | (odd & 1);
}

/** times: four, in 10 us. check: of what is sent, where that is another body. @param {Buffer} body
 *  @param {{exact?: boolean, times?: number[]|null, check?: number}} [more] */
export function update(body, { exact = false, times = null, check = bodyCheck(body) } = {}) {
  const head = Buffer.alloc(times ? 16 : 4);
  head[0] = 0x83;
  head[1] = (exact ? 1 : 0) | (times ? 2 : 0);
  head.writeUInt16LE(check, 2);
  times?.forEach((value, i) => head.writeUInt16LE(value, 8 + 2 * i));
  return Buffer.concat([head, body]);
}
