#!/usr/bin/env python3
"""Functions that nobody may call, and functions that only some folders may call. --self-test proves that calls are found
and that comments, texts and members of the same name are not."""
import pathlib
import re
import sys

# name -> what to use
BANNED = {
    "strcpy": "text_copy (core/text.h)", "stpcpy": "snprintf", "strcat": "snprintf", "strncpy": "text_copy",
    "strncat": "snprintf", "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "gets": "getline", "strtok": "strsep", "alloca": "malloc or an array of fixed size",
    "system": "posix_spawn in the supervisor", "popen": "posix_spawn in the supervisor",
    "mktemp": "mkostemp", "tmpnam": "mkostemp", "tempnam": "mkostemp",
    "gmtime": "gmtime_r", "localtime": "localtime_r", "asctime": "strftime", "ctime": "strftime",
    "atoi": "strtol with its checks", "atol": "strtol with its checks", "atoll": "strtoll with its checks",
    "atof": "strtod with its checks", "gethostbyname": "getaddrinfo",
    "siglongjmp": "a return value", "longjmp": "a return value",
}
# Tests may start the real tools that they compare with, and read numbers that they wrote themselves.
ALLOWED_IN_TESTS = {"system", "popen", "atoi", "atol", "atoll", "atof"}
# Only the supervisor starts programs, so only the gateway's folder may.
GATEWAY_ONLY = {"fork", "vfork", "execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "fexecve",
                "execveat", "posix_spawn", "posix_spawnp", "clone", "clone3"}
# The probe forks because opening /dev/kvm may hang for ever; it executes nothing, and the supervisor calls it.
EXCEPTIONS = {("machines/qemu/kvm_probe.c", "fork")}

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
CALL = re.compile(r"(?<![\w.>])(\w+)[ \t]*\(")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def findings_in(path, text):
    code = NOISE.sub(blank, text)
    for match in CALL.finditer(code):
        name = match.group(1)
        line = code.count("\n", 0, match.start()) + 1
        in_tests = path.startswith(("tests/", "bench/"))
        if name in BANNED and not (in_tests and name in ALLOWED_IN_TESTS):
            yield f"{path}:{line}: {name}() is banned; use {BANNED[name]}"
        if name in GATEWAY_ONLY and not (in_tests or path.startswith("gateway/") or (path, name) in EXCEPTIONS):
            yield f"{path}:{line}: {name}() starts a program, which only gateway/ may"
    for match in re.finditer(r"\b(?:TO" r"DO|FIX" r"ME)\b", text):
        yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()} left"


def self_test():
    wrong = ["strcpy(a, b);", "x = strcat (a, b);", "if (system(\"ls\"))", "/* */ sprintf(a, \"/*\"); /* */",
             "execv(path, argv);", "char c = '\"'; gets(c);", "/* TO" "DO: later */"]
    right = ["/* strcpy(a, b) */", "\"strcpy(a)\";", "self->system(x);", "ops.gets(x);", "my_strcpy(a);",
             "// system(x)", "gmtime_r(a, b);", "strcpy_s;"]
    errors = [f"self-test: not found: {text}" for text in wrong if not list(findings_in("core/x.c", text))]
    errors += [f"self-test: refused: {text}" for text in right if list(findings_in("core/x.c", text))]
    if list(findings_in("gateway/x.c", "execv(path, argv);")):
        errors.append("self-test: gateway/ may start programs")
    return errors


def main():
    if sys.argv[1:] == ["--self-test"]:
        findings = self_test()
    else:
        root = pathlib.Path(__file__).resolve().parents[2]
        paths = (p.relative_to(root).as_posix() for p in sorted(root.rglob("*.[ch]")))
        findings = [f for p in paths if not p.startswith(("build/", ".git/"))
                    for f in findings_in(p, (root / p).read_text(errors="replace"))]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


sys.exit(main())
