/* Pictures in the formats that updates carry, made by ffmpeg from raw planes; and what they decode to. */
import { execFileSync } from 'node:child_process';

const ffmpeg = (args, input) => execFileSync('ffmpeg', ['-v', 'error', ...args], { input, maxBuffer: 1 << 28 });
const rawInput = (width, height, rate = 25) => ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', rate, '-i', '-'];

/** One frame of planes in one colour. @param {number} width @param {number} height @param {number[]} yuv */
export function flat(width, height, [y, u, v]) {
  const area = width * height;
  return Buffer.concat([Buffer.alloc(area, y), Buffer.alloc(area / 4, u), Buffer.alloc(area / 4, v)]);
}

/** Frames with something in them: gradients and edges that move. */
export function moving(width, height, n) {
  const planes = Buffer.alloc((width * height * 3) / 2);
  const plane = (at, w, h, value) => {
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) planes[at + y * w + x] = value(x, y);
  };
  plane(0, width, height, (x, y) => 40 + ((x * 2 + y * 3 + n * 7) % 160) + (((x + n) >> 3) & 1) * 40);
  plane(width * height, width / 2, height / 2, (x, y) => 100 + ((x + n) % 60));
  plane((width * height * 5) / 4, width / 2, height / 2, (x, y) => 90 + ((y + 2 * n) % 70));
  return planes;
}

/** @param {Buffer[]} frames planes, full range @param {number} width @param {number} height @returns {Buffer[]} JPEG files */
export function jpegs(frames, width, height) {
  const colour = ['-vf', 'scale=in_range=pc:out_range=pc', '-pix_fmt', 'yuvj420p'];
  const all = ffmpeg([...rawInput(width, height), ...colour, '-c:v', 'mjpeg', '-q:v', '2', '-bitexact', '-f', 'image2pipe', '-'], Buffer.concat(frames));
  const files = [];
  for (let at = 0; at < all.length; ) {
    const next = all.indexOf(Buffer.from([0xff, 0xd9, 0xff, 0xd8]), at);
    const end = next < 0 ? all.length : next + 2;
    files.push(all.subarray(at, end));
    at = end;
  }
  return files;
}

/** @param {'vp8'|'vp9'} codec @param {Buffer[]} frames planes @returns {Buffer[]} a key frame, then what follows it */
export function video(codec, frames, width, height) {
  const coder = codec === 'vp8' ? 'libvpx' : 'libvpx-vp9';
  const speed = ['-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-auto-alt-ref', '0', '-b:v', '2M', '-g', '999'];
  const ivf = ffmpeg([...rawInput(width, height), '-c:v', coder, ...speed, '-f', 'ivf', '-'], Buffer.concat(frames));
  const chunks = [];
  for (let at = 32; at < ivf.length; at += 12 + ivf.readUInt32LE(at)) chunks.push(ivf.subarray(at + 12, at + 12 + ivf.readUInt32LE(at)));
  return chunks;
}

/** What these chunks decode to, by ffmpeg: the same in every decoder. @returns {Buffer[]} planes */
export function videoPlanes(codec, chunks, width, height) {
  const head = Buffer.alloc(32);
  head.write('DKIF\0\0\x20\0', 'latin1');
  head.write(codec === 'vp8' ? 'VP80' : 'VP90', 8, 'latin1');
  head.writeUInt16LE(width, 12);
  head.writeUInt16LE(height, 14);
  head.writeUInt32LE(25, 16);
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(chunks.length, 24);
  const frames = chunks.map((chunk, i) => {
    const frame = Buffer.alloc(12);
    frame.writeUInt32LE(chunk.length, 0);
    frame.writeUInt32LE(i, 4);
    return Buffer.concat([frame, chunk]);
  });
  const size = (width * height * 3) / 2;
  const raw = ffmpeg(['-f', 'ivf', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'], Buffer.concat([head, ...frames]));
  return Array.from({ length: raw.length / size }, (_, i) => raw.subarray(i * size, (i + 1) * size));
}

const CSC = {
  1: [16, 76309, 132201, 25675, 53279, 104597],
  2: [0, 65536, 116130, 22553, 46802, 91881],
  3: [16, 76309, 138438, 13975, 34925, 117489],
  4: [0, 65536, 121609, 12276, 30679, 103206],
};
const byte = (fixed) => Math.max(0, Math.min(255, (fixed + 32768) >> 16));

/** R, G, B of one pixel, as video/csc.h has it. @param {number} colour 1..4 @returns {[number, number, number]} */
export function csc(colour, y, u, v) {
  const [offset, y1, ub, ug, vg, vr] = CSC[colour];
  const luma = (y - offset) * y1;
  return [byte(luma + vr * (v - 128)), byte(luma - ug * (u - 128) - vg * (v - 128)), byte(luma + ub * (u - 128))];
}

/** RGBA of planes, as video/csc.h converts them. @param {Buffer} planes @param {number} colour 1..4 */
export function rgbaOf(planes, width, height, colour) {
  const rgba = Buffer.alloc(width * height * 4, 255);
  const [uAt, vAt] = [width * height, (width * height * 5) / 4];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * (width / 2) + (x >> 1);
      const at = (y * width + x) * 4;
      [rgba[at], rgba[at + 1], rgba[at + 2]] = csc(colour, planes[y * width + x], planes[uAt + chroma], planes[vAt + chroma]);
    }
  return rgba;
}
