#!/usr/bin/env python3
"""check_hardened.py PROGRAM...: what cmake/hardened.cmake asks of the compiler stands in the programs that were built.
--self-test proves that a program built without it is found out."""
import pathlib
import re
import subprocess
import sys
import tempfile

NOT_OURS = re.compile(r"@plt|^_|^frame_dummy$|register_tm_clones$")
CET = ("IBT", "SHSTK")
# What the C library checks where it knows the size, and copies or prints that our code must have many of.
FORTIFIED = {"__memcpy_chk", "__snprintf_chk", "__vsnprintf_chk", "__read_chk", "__fprintf_chk", "__printf_chk"}


def tool(*arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def segments(path):
    """[(type, flags)]"""
    pattern = re.compile(r"^\s+([A-Z_]+)\s+(?:0x[0-9a-f]+\s+){5}([RWE ]{3})\s", re.M)
    return pattern.findall(tool("readelf", "-lW", path))


def landing_pads(path):
    """(functions of ours that begin with an endbr64 or bti, all of them that could be called through a pointer)"""
    marked = total = 0
    last = ""
    for line in tool("objdump", "-d", "--no-show-raw-insn", path).splitlines():
        name = re.match(r"^[0-9a-f]+ <([^>]+)>:", line)
        if last and line.strip():
            total += 1
            marked += bool(re.search(r"\b(endbr64|bti|paciasp)\b", line))
        last = name.group(1) if name and not NOT_OURS.search(name.group(1)) else ""
    return marked, total


def library_says_cet():
    """Whether the C library's own beginnings of a program say that they can."""
    crt = subprocess.run(["gcc", "-print-file-name=Scrt1.o"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return all(mark in tool("readelf", "-nW", crt) for mark in CET)


def findings(path):
    header, dynamic = tool("readelf", "-hW", path), tool("readelf", "-dW", path)
    parts = segments(path)
    kinds = {kind for kind, _ in parts}
    if not re.search(r"Type:\s+DYN", header) or "INTERP" not in kinds or "PIE" not in dynamic:
        yield "it is not position independent (PIE)"
    if "GNU_RELRO" not in kinds or "BIND_NOW" not in dynamic:
        yield "its tables stay writable: no full RELRO"
    if any("W" in flags and "E" in flags for _, flags in parts):
        yield "a segment can be both written and executed"
    if "GNU_STACK" not in kinds:
        yield "nothing says that its stack is not executed"
    if re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", dynamic):
        yield "it has an RPATH, a RUNPATH or text relocations"
    symbols = set(re.findall(r"\b(__\w+)@", tool("readelf", "--dyn-syms", "-W", path)))
    if not symbols & FORTIFIED:
        yield "no call goes through a checked form: no _FORTIFY_SOURCE"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    marked, total = landing_pads(path)
    # a static function that only gets direct calls needs none, so not all have one
    if total < 1 or marked * 2 < total:
        yield f"{marked} of {total} functions begin with a landing pad: no -fcf-protection or -mbranch-protection"
    if "X86-64" in header and library_says_cet():
        notes = tool("readelf", "-nW", path)
        if not all(mark in notes for mark in CET):
            yield "the mark for IBT and SHSTK is lost, though the C library has it"


SOURCE = """#include <stdio.h>
#include <string.h>
void hidden(char *, const char *);
int main(int argc, char **argv) { char room[64]; snprintf(room, (size_t)argc * 8, "%s", argv[0]); strcat(room, argv[1]);
    return puts(room); }
"""
GOOD = ["-O2", "-fPIE", "-pie", "-D_FORTIFY_SOURCE=3", "-fstack-protector-strong", "-fcf-protection=full",
        "-Wl,-z,relro,-z,now"]
WEAKENED = {
    "PIE": ["-fno-pie", "-no-pie"],
    "RELRO": ["-Wl,-z,norelro"],
    "full RELRO": ["-Wl,-z,lazy"],
    "executed": ["-Wl,-z,execstack"],
    "RPATH": ["-Wl,-rpath,/tmp"],
    "FORTIFY": ["-U_FORTIFY_SOURCE"],
    "stack protector": ["-fno-stack-protector"],
    "landing pad": ["-fcf-protection=none"],
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder) / "program")

        def build(*flags):
            subprocess.run(["gcc", "-w", "-xc", "-", "-o", program, *GOOD, *flags], input=SOURCE, text=True, check=True)
            return list(findings(program))

        found = build()
        if found:
            return [f"a good program is refused: {found}"]
        missed = []
        for word, flags in WEAKENED.items():
            found = build(*flags)
            if not any(word in line for line in found):
                missed.append(f"not found out: {flags}, only {found}")
        return missed


def main():
    if sys.argv[1:] == ["--self-test"]:
        bad = self_test()
    else:
        bad = [f"{path}: {finding}" for path in sys.argv[1:] for finding in findings(path)]
        for path in sys.argv[1:]:
            marked, total = landing_pads(path)
            print(f"{pathlib.Path(path).name}: {marked} of {total} functions begin with a landing pad; the C library's "
                  f"beginnings {'say' if library_says_cet() else 'do not say'} IBT and SHSTK")
    print("\n".join(bad) or "fine")
    return 1 if bad else 0


sys.exit(main())
