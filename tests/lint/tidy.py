#!/usr/bin/env python3
"""clang-tidy over the program's files in a build, the largest first. Tests are left out: they run under sanitizers, and the
analyzer takes a failed assertion of theirs for something that goes on. A file that was clean is not looked at again until it, a
header of ours that it includes, its compile command or .clang-tidy changes: build/lint-cache holds one empty file for each
such state. tidy.py BUILD [FILE...]"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/lint-cache"
TOOL = "clang-tidy-14"


def included_files(entry):
    """The file and all headers of ours, by the compiler's own account."""
    command = shlex.split(entry["command"])
    for word in ("-c", "-o"):
        at = command.index(word)
        del command[at:at + (2 if word == "-o" else 1)]
    run = subprocess.run([*command, "-MM", "-MF", "-"], cwd=entry["directory"], capture_output=True, text=True, timeout=120)
    if run.returncode:
        return None
    words = run.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    return sorted({(pathlib.Path(entry["directory"]) / word).resolve() for word in words})


def state_of(entry, config):
    files = included_files(entry)
    if files is None:
        return None
    digest = hashlib.sha256(config + entry["command"].encode())
    for path in files:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def check(build, entry, config):
    state = state_of(entry, config)
    if state and (CACHE / state).exists():
        return None, True
    run = subprocess.run([TOOL, "-p", build, "--quiet", entry["file"]], cwd=ROOT, capture_output=True, text=True, timeout=600)
    if run.returncode:
        return run.stdout or run.stderr, False
    if state:
        (CACHE / state).touch()
    return None, False


def main():
    build, only = sys.argv[1], [str((ROOT / name).resolve()) for name in sys.argv[2:]]
    entries = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    ours = {}
    for entry in entries:
        path = entry["file"]
        if not os.path.exists(path):
            continue  # removed since the build was configured
        if path.startswith(f"{ROOT}/") and not path.startswith((f"{ROOT}/build/", f"{ROOT}/tests/")) and (not only or path in only):
            ours.setdefault(path, entry)
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TOOL, "--version"], capture_output=True, timeout=60).stdout
    config = (ROOT / ".clang-tidy").read_bytes() + version
    largest_first = sorted(ours.values(), key=lambda entry: -os.path.getsize(entry["file"]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: check(build, entry, config), largest_first))
    findings = [text for text, _ in results if text]
    print(f"{len(results)} files, {sum(cached for _, cached in results)} of them known to be clean")
    print("\n".join(findings), end="")
    return 1 if findings or not results else 0


sys.exit(main())
