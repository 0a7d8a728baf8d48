/* Reads a VGA text screen from the page's own canvas by matching the BIOS font, so that a test sees what the user sees. The
 * matching runs in the page: only text comes back. */

import { readFileSync } from 'node:fs';

export const VGA_BIOS = '/usr/share/seabios/vgabios-stdvga.bin';
const GLYPH_A = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');

/** The 256 glyphs of 16 bytes, found by the shape of the 'A'. */
export function biosFont() {
  const rom = readFileSync(VGA_BIOS);
  const at = rom.indexOf(GLYPH_A);
  if (at < 0x41 * 16) throw new Error(`${VGA_BIOS} holds no 8x16 font`);
  return [...rom.subarray(at - 0x41 * 16, at - 0x41 * 16 + 4096)];
}

/* Runs in the page: the lines of text on the canvas, or null when there is no picture. Unknown cells read '?'. */
async function readInPage(font) {
  const screen = document.querySelector('console-screen');
  if (!screen || !screen.hasPicture) return null;
  const { width, height, pixels } = await screen.readPixels({ canvas: true });
  const cell = width === 720 ? 9 : 8;
  const colours = new Uint32Array(pixels.buffer, pixels.byteOffset, width * height);
  if (!window.vgaGlyphs) {
    window.vgaGlyphs = new Map();
    for (let c = 255; c >= 0; c--) window.vgaGlyphs.set(font.slice(c * 16, c * 16 + 16).join(), c);
  }
  const glyphAt = (x, y, background) => {
    const rows = [];
    for (let r = 0; r < 16; r++) {
      let bits = 0;
      for (let b = 0; b < 8; b++) bits = (bits << 1) | (colours[(y + r) * width + x + b] !== background ? 1 : 0);
      rows.push(bits);
    }
    return window.vgaGlyphs.get(rows.join());
  };
  const characterAt = (x, y) => {
    const seen = new Set();
    for (let r = 0; r < 16; r++) for (let b = 0; b < 8; b++) seen.add(colours[(y + r) * width + x + b]);
    if (seen.size === 1) return ' ';
    if (seen.size > 2) return '?';
    for (const background of seen) {
      const glyph = glyphAt(x, y, background);
      if (glyph !== undefined) return glyph >= 32 && glyph < 127 ? String.fromCharCode(glyph) : '#';
    }
    return '?';
  };
  const lines = [];
  for (let y = 0; y + 16 <= height; y += 16) {
    let line = '';
    for (let x = 0; x + 8 <= width; x += cell) line += characterAt(x, y);
    lines.push(line.trimEnd());
  }
  return lines;
}

const font = biosFont();

/** The text on the page's console now; '' when there is no picture. */
export async function screenText(page) {
  const lines = await page.evaluate(readInPage, font);
  return lines ? lines.join('\n') : '';
}

/** Polls until the screen's text matches; the limit only catches a hang. Returns the text. */
export async function waitForText(page, pattern, limitMs = 60000) {
  const end = Date.now() + limitMs;
  let text = '';
  while (Date.now() < end) {
    text = await screenText(page);
    if (pattern.test(text)) return text;
    await page.waitForTimeout(200);
  }
  throw new Error(`the screen never showed ${pattern} within ${limitMs / 1000} s; it shows:\n${text}`);
}
