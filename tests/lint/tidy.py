#!/usr/bin/env python3
"""What clang and its analyzer say of the C files in a build, the largest first: clang-tidy of the program's files, with
clang's warnings as errors; of tests those warnings alone, because they run under sanitizers, and the analyzer takes a failed
assertion of theirs for something that goes on. The build need not be clang's, nor done: only what it generates must be
there. A file that was clean is not looked at again until it, a header of ours that it includes, its command or .clang-tidy
changes: build/lint-cache holds one empty file for each such state. tidy.py BUILD [FILE...]"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/lint-cache"
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
CLANG, TIDY = "clang-14", "clang-tidy-14"
GROUP = 8
# What is about the code that comes out; a fortified C library hides from the analyzer what it copies.
OUTPUT = ("-O", "-g", "-fstack", "-fcf-", "-mbranch", "-ffile-prefix-map=", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE", "-fsanitize",
          "-fno-omit-frame-pointer", "-fno-sanitize", "-fno-diagnostics", "-Werror")


def command_of(entry):
    """As clang would be asked to compile it."""
    words = shlex.split(entry["command"])[1:]
    at = words.index("-o")
    del words[at:at + 2]
    return [CLANG, *(word for word in words if not word.startswith(OUTPUT)), "-Werror"]


@functools.cache
def included(path):
    """What a file names as an include of ours, and the digest of its bytes."""
    text = path.read_bytes()
    return [name.decode() for name in INCLUDE.findall(text)], hashlib.sha256(text).digest()


def state_of(entry, config):
    """Of the file and all headers of ours, whether or not the compiler would come to them."""
    folders = [pathlib.Path(word[2:]) for word in entry["arguments"] if word.startswith("-I")]
    waiting, seen = [pathlib.Path(entry["file"])], set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            for name in included(path)[0]:
                waiting += [at.resolve() for at in (folder / name for folder in (path.parent, *folders)) if at.is_file()]
    digest = hashlib.sha256(config + shlex.join(entry["arguments"]).encode())
    for path in sorted(seen):
        digest.update(str(path).encode() + b"\0" + included(path)[1])
    return digest.hexdigest()


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=2000)


def check(commands, group, config):
    """Several files together: a process of clang-tidy takes as long to start as to read a file. Who is to blame is found one by
    one. What each file was found to be: None and whether that was known, or the findings."""
    states = [state_of(entry, config) for entry in group]
    new = [(entry, state) for entry, state in zip(group, states) if not (CACHE / state).exists()]
    if len(new) > 1 and run([TIDY, "-p", commands, "--quiet", *(entry["file"] for entry, _ in new)], ROOT).returncode == 0:
        found = [None] * len(new)
    else:
        found = [findings(commands, entry) for entry, _ in new]
    for (_, state), text in zip(new, found):
        if not text:
            (CACHE / state).touch()
    return [(None, True)] * (len(group) - len(new)) + [(text, False) for text in found]


def is_test(entry):
    return entry["file"].startswith(f"{ROOT}/tests/")


def findings(commands, entry):
    if is_test(entry):
        result = run([*entry["arguments"], "-fsyntax-only"], entry["directory"])
    else:
        result = run([TIDY, "-p", commands, "--quiet", entry["file"]], ROOT)
    said = result.stdout + "".join(line for line in result.stderr.splitlines(True) if "warnings" not in line)
    return (said or f"{entry['file']}: clang ended with {result.returncode}\n") if result.returncode else None


def groups(entries):
    """Tests alone, the program's files by GROUP."""
    program = [entry for entry in entries if not is_test(entry)]
    yield from (program[at:at + GROUP] for at in range(0, len(program), GROUP))
    yield from ([entry] for entry in entries if is_test(entry))


def main():
    build, only = pathlib.Path(sys.argv[1]), [str((ROOT / name).resolve()) for name in sys.argv[2:]]
    files = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = entry["file"]
        if path.startswith(f"{ROOT}/") and os.path.exists(path) and not path.startswith(f"{ROOT}/build/") and (not only or path in only):
            files.setdefault(path, {"directory": entry["directory"], "file": path, "arguments": command_of(entry)})
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, timeout=60).stdout
    config = (ROOT / ".clang-tidy").read_bytes() + version
    largest_first = sorted(files.values(), key=lambda entry: -os.path.getsize(entry["file"]))
    with tempfile.TemporaryDirectory() as commands, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        (pathlib.Path(commands) / "compile_commands.json").write_text(json.dumps(largest_first))
        results = [one for group in pool.map(lambda group: check(commands, group, config), groups(largest_first)) for one in group]
    found = [text for text, _ in results if text]
    print(f"{len(results)} files, {sum(cached for _, cached in results)} of them known to be clean")
    print("\n".join(found), end="")
    return 1 if found or not results else 0


sys.exit(main())
