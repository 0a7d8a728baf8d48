#!/usr/bin/env python3
"""The units of packaging/systemd: each is well formed, and what its process may do is little enough, by the measure of
systemd-analyze (0: nothing, 10: everything). --self-test proves that a wall taken away is noticed."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ROOT / "packaging/systemd"
# What the network reaches, and what holds secrets. The supervisor starts machines, the helper opens devices: theirs is
# what it is, and may only become less.
MOST = {"lightsout-gateway": 2.0, "lightsout-keeper": 2.0, "lightsout-outward": 2.0, "lightsout-reader": 1.5,
        "lightsout": 3.5, "lightsout-helper": 3.5}


def run(*arguments):
    result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.returncode, result.stdout


def exposure(root, name):
    _, text = run("systemd-analyze", f"--root={root}", "--offline=true", "--no-pager", "security", f"{name}.service")
    found = re.search(r"exposure level for \S+: ([0-9.]+)", text)
    return float(found.group(1)) if found else None, text


def image(folder):
    """A root folder that has the units, and the programs they name."""
    root = pathlib.Path(folder)
    units = root / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    (root / "usr/sbin").mkdir()
    (root / "usr/bin").mkdir()
    for name in ("usr/sbin/lightsoutd", "usr/bin/kill"):
        program = root / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.socket")]:
        shutil.copy(unit, units)
    return root, units


def findings(root, units):
    names = sorted(unit.name for unit in units.iterdir())
    code, text = run("systemd-analyze", f"--root={root}", "--man=no", "--recursive-errors=no", "verify",
                     *(f"/usr/lib/systemd/system/{name}" for name in names))
    if code or text.strip():
        yield f"systemd-analyze verify: {text.strip() or code}"
    for name, most in MOST.items():
        value, text = exposure(root, name)
        if value is None or value > most:
            yield f"{name}.service: exposure {value}, at most {most}\n" + "\n".join(
                line for line in text.splitlines() if line.startswith("✗"))
        else:
            print(f"{name}.service: exposure {value} (at most {most})")
    for service in units.glob("*.service"):
        if service.stem not in MOST:
            yield f"{service.name}: nobody says how much it may"


def main():
    with tempfile.TemporaryDirectory() as folder:
        root, units = image(folder)
        if sys.argv[1:] == ["--self-test"]:
            gateway = units / "lightsout-gateway.service"
            text = gateway.read_text()
            gateway.write_text(re.sub(r"(?m)^(System|Private|Restrict|Protect|Capability).*\n", "", text))
            weak = any("lightsout-gateway" in finding for finding in findings(root, units))
            gateway.write_text(text.replace("[Service]", "[Sevrice]"))
            malformed = any("verify" in finding for finding in findings(root, units))
            bad = [] if weak and malformed else [f"not noticed: weakened {weak}, malformed {malformed}"]
        else:
            bad = list(findings(root, units))
    print("\n".join(bad) or "fine")
    return 1 if bad else 0


sys.exit(main())
