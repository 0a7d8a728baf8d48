// The build tool that takes comments and indentation out of what browsers load: nothing else may change.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const tool = join(process.env.LIGHTSOUT_BUILD ?? 'build/release', 'html5-client/squeeze');
const folder = mkdtempSync(join(tmpdir(), 'squeeze-'));
after(() => rmSync(folder, { recursive: true }));

/** @param {string} text @param {string} [ending] */
function squeezed(text, ending = 'js') {
  const [from, to] = [join(folder, `in.${ending}`), join(folder, 'out')];
  writeFileSync(from, text);
  const { status } = spawnSync(tool, [from, to]);
  return status === 0 ? readFileSync(to, 'utf8') : null;
}

test('comments, indentation and empty lines go', () => {
  assert.equal(squeezed('/* a */ const x = 1; // b\n\n  /** c\n   * d */\n  call(/* e */ x);\n'), 'const x = 1;\ncall( x);\n');
  assert.equal(squeezed('/* a */\na {\n  width: calc(1px + 2px); /* b */\n}\n', 'css'), 'a {\nwidth: calc(1px + 2px);\n}\n');
});

test('what looks like a comment in a string, a template or a regular expression stays', () => {
  for (const line of ["const s = 'a // b', t = \"/* c */\";", 'const u = `// ${ {a: `/* ${1 / 2} */`}.a }\n   indented`;', "const r = /[/*]'\\/\"/g.test(x);"])
    assert.equal(squeezed(`${line}\n`), `${line}\n`);
});

test('a slash is a division behind a value, and begins a regular expression elsewhere', () => {
  assert.equal(squeezed("const a = b / c; // '\n"), 'const a = b / c;\n');
  assert.equal(squeezed("const a = b[1] / f(2) / 3; // '\n"), 'const a = b[1] / f(2) / 3;\n');
  assert.equal(squeezed("const a = b\n  / c; // '\n"), 'const a = b\n/ c;\n');
  assert.equal(squeezed("return /'/.test(x) // y\n"), "return /'/.test(x)\n");
  assert.equal(squeezed("list.map((x) => /'/.test(x)) // y\n"), "list.map((x) => /'/.test(x))\n");
});

test('a comment over lines still ends a statement', () => {
  assert.equal(squeezed('a()/*\n*/b()\n'), 'a()\nb()\n');
});

test('a string or a template without an end is a mistake', () => {
  for (const text of ["const a = 'b;\n", 'const a = `b;\n', 'const a = `${b;\n', '/* a']) assert.equal(squeezed(text), null, text);
});
