#!/usr/bin/env python3
"""Adds up the results in a folder and prints "N passed, N failed[, N skipped]".

*.counts files hold such a line. *.xml files are CTest's JUnit output; a test program that runs many tests (cmocka,
node --test) says so in its own output, and those numbers count in place of the one program. NAME.again.xml is of what
had failed in NAME.xml and ran once more: its result counts, and a line before tells what passed now.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

LINE = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
NODE = re.compile(r"^(?:#|\u2139) (pass|fail|skipped) (\d+)$", re.M)
CMOCKA = re.compile(r"^\[  (PASSED |FAILED |SKIPPED)  ?\] (\d+) test\(s\)", re.M)


def said(output):
    """What the program says itself about how many tests it ran: (passed, failed, skipped), or None."""
    lines = LINE.findall(output)
    if lines:
        return [int(n or 0) for n in lines[-1]]
    totals = [0, 0, 0]
    found = CMOCKA.findall(output) or NODE.findall(output)
    for word, number in found:
        totals["pfs".index(word[0].lower())] += int(number)
    return totals if found else None


def count_case(case):
    skipped = case.find("skipped")
    if skipped is not None and "Unable to find executable" in skipped.get("message", ""):
        return [0, 1, 0]  # it was to run, and could not
    if case.get("status") in ("notrun", "disabled") or skipped is not None:
        return [0, 0, 1]
    failed = case.find("failure") is not None
    counts = said(case.findtext("system-out") or "") or [0 if failed else 1, 0, 0]
    if failed and counts[1] == 0:
        counts[1] = 1  # it broke outside of its tests: a crash, a leak, a time-out
    return counts


def cases_in(path):
    return list(ElementTree.parse(path).getroot().iter("testcase")) if path.exists() else []


def main():
    totals = [0, 0, 0]
    folder = pathlib.Path(sys.argv[1])
    for path in sorted(folder.glob("*.counts")):
        for line in LINE.findall(path.read_text()):
            totals = [a + int(b or 0) for a, b in zip(totals, line)]
    shaky = []
    for path in sorted(folder.glob("*.xml")):
        if path.name.endswith(".again.xml"):
            continue
        results = {case.get("name"): count_case(case) for case in cases_in(path)}
        for case in cases_in(path.with_suffix(".again.xml")):
            name, counts = case.get("name"), count_case(case)
            if results[name][1] and not counts[1]:
                shaky.append(name)
            results[name] = counts
        for counts in results.values():
            totals = [a + b for a, b in zip(totals, counts)]
    passed, failed, skipped = totals
    if shaky:
        print(f"shaky, passed only when run again: {' '.join(shaky)}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


sys.exit(main())
