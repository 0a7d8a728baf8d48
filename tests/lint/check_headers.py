#!/usr/bin/env python3
"""Each header compiles alone, with gcc and with clang: who includes one needs to know nothing else. Where the source of the same
name includes it first of all, the build has compiled it alone with gcc, and tidy.py does with clang; the rest is compiled here,
and without a BUILD that says what it compiles, all of them are. check_headers.py [BUILD]"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-I.", "-Itests", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only", "-xc", "-"]
DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.M)


def check(job):
    compiler, header = job
    # once more, because a header may be included twice
    text = f'#include "{header}"\n#include "{header}"\nextern int not_empty;\n'
    run = subprocess.run([compiler, *FLAGS], cwd=ROOT, input=text, capture_output=True, text=True, timeout=120)
    return "" if run.returncode == 0 else f"{header} does not compile alone with {compiler}:\n{run.stderr}"


def compiled_alone(header, built):
    """Tests are left to `check`: the build that knows of them need not have compiled them."""
    source = header.removesuffix(".h") + ".c"
    if source not in built or source.startswith("tests/"):
        return False
    first = DIRECTIVE.search((ROOT / source).read_text())
    return bool(first) and first[0] == f'#include "{header}"' and DIRECTIVE.search((ROOT / header).read_text())[0] == "#pragma once"


def main():
    commands = pathlib.Path(sys.argv[1], "compile_commands.json") if len(sys.argv) > 1 else None
    entries = json.loads(commands.read_text()) if commands and commands.exists() else []
    built = {entry["file"].removeprefix(f"{ROOT}/") for entry in entries}
    headers = [p.relative_to(ROOT).as_posix() for p in sorted(ROOT.rglob("*.h"))]
    headers = [h for h in headers if not h.startswith(("build/", ".git/"))]
    jobs = [(compiler, h) for h in headers if not compiled_alone(h, built) for compiler in ("gcc", "clang-14")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [text for text in pool.map(check, jobs) if text]
    print("\n".join(findings), end="")
    return 1 if findings or not headers else 0


sys.exit(main())
