#!/usr/bin/env python3
"""Each header compiles alone, with gcc and with clang: who includes one needs to know nothing else."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-I.", "-Itests", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only", "-xc", "-"]


def check(job):
    compiler, header = job
    # once more, because a header may be included twice
    text = f'#include "{header}"\n#include "{header}"\nextern int not_empty;\n'
    run = subprocess.run([compiler, *FLAGS], cwd=ROOT, input=text, capture_output=True, text=True, timeout=120)
    return "" if run.returncode == 0 else f"{header} does not compile alone with {compiler}:\n{run.stderr}"


def main():
    headers = [p.relative_to(ROOT).as_posix() for p in sorted(ROOT.rglob("*.h"))]
    headers = [h for h in headers if not h.startswith(("build/", ".git/"))]
    jobs = [(compiler, header) for header in headers for compiler in ("gcc", "clang-14")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [text for text in pool.map(check, jobs) if text]
    print("\n".join(findings), end="")
    return 1 if findings or not headers else 0


sys.exit(main())
