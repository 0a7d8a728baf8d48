#!/usr/bin/env python3
"""Every test that SECURITY.md names is there, and every case; and no line of its tables is without one. --self-test proves
that a name that is not is found."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"`((?:unit|web|walls|soak|vm|fuzz|lint|vectors|sim)/[\w./-]+)(?:#(\w+))?`")
NEEDS_TEST = ("## What is attacked", "## Past issues")


def mistakes(text, root):
    heading = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            heading = line
        names = NAME.findall(line)
        for path, case in names:
            file = root / "tests" / path
            if not file.is_file():
                yield f"SECURITY.md:{number}: there is no tests/{path}"
            elif case and not re.search(rf"\b{case}\b", file.read_text(encoding="utf-8")):
                yield f"SECURITY.md:{number}: tests/{path} has no {case}"
        row = line.startswith("| ") and not line.startswith(("| arrow |", "| issue |"))
        if row and heading.startswith(NEEDS_TEST) and not names:
            yield f"SECURITY.md:{number}: this line names no test"


def self_test():
    case = "no_case" + "_of_it"  # in two pieces, or it would stand in this file
    text = (f"## What is attacked\n| arrow | x |\n|---|---|\n| a | `unit/no/such_test.c` |\n| b | `lint/check_security.py#{case}` |\n"
            "| c | none |\n| d | `lint/check_security.py#self_test` |\n")
    found = list(mistakes(text, ROOT))
    assert len(found) == 3, found
    assert "such_test" in found[0] and case in found[1] and "names no test" in found[2], found


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
        sys.exit(0)
    found = list(mistakes((ROOT / "SECURITY.md").read_text(encoding="utf-8"), ROOT))
    print("\n".join(found) or "fine")
    sys.exit(1 if found else 0)
