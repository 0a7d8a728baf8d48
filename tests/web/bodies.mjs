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

/** @param {number} sequence @param {Buffer} body @param {{exact?: boolean, times?: number[]|null}} [more] times: four, in 10 us */
export function update(sequence, body, { exact = false, times = null } = {}) {
  const head = Buffer.alloc(times ? 20 : 12);
  head[0] = 0x83;
  head[1] = (exact ? 1 : 0) | (times ? 2 : 0);
  head.writeUInt32LE(sequence, 4);
  times?.forEach((value, i) => head.writeUInt16LE(value, 12 + 2 * i));
  return Buffer.concat([head, body]);
}
