#!/usr/bin/env python3
"""Reads every #include against the table of who may include whom. Folders below the root are the walls of the house; this
file is where the table lives. --self-test proves that violations are found."""
import pathlib
import re
import sys
import tempfile

PORT_HEADERS = {
    "capture/screen.h", "usbgadget/input.h", "media/drive.h", "media/medium.h",
    "manage/power.h", "manage/serial.h", "manage/sensors.h", "manage/seat.h",
    # nouns of a dongle's ports: what the target sees on USB, what the receiver tells its graphics
    "usbgadget/personality.h", "usbgadget/chooser_why.h", "usbgadget/left_out.h", "capture/edid.h", "usbgadget/typing.h",
    "usbgadget/layout.h", "usbgadget/layout_keys.h",
}
AUTH_PUBLIC = {"auth/role.h", "auth/grants.h", "auth/session.h", "auth/keeper_client.h", "auth/keeper_account.h", "auth/keeper_audit.h",
               "auth/tls_key.h"}

# Room -> folders ("x/") and headers that it may include besides its own. The room of a file is the longest name here
# that its path begins with.
ROOMS = {
    "core": set(),
    "video": {"core/"},
    "capture": {"core/", "video/"},
    "encode": {"core/", "video/"},
    "usbgadget": {"core/"},
    "media": {"core/"},
    "media/outward": {"core/", "media/"},
    "auth": {"core/"},
    "auth/keeper": {"core/", "auth/", "auth/audit/"},
    "auth/audit": {"core/", "auth/keeper_wire.h", "auth/random.h"} | AUTH_PUBLIC,
    "auth/outward": {"core/", "auth/"},
    "manage": {"core/"} | AUTH_PUBLIC | PORT_HEADERS,
    "api": {"core/", "manage/", "media/library.h", "media/upload.h", "media/recognise.h"} | AUTH_PUBLIC | PORT_HEADERS,
    "transport": {"core/", "video/packet.h", "media/medium.h"} | AUTH_PUBLIC,
    "transport/client": {"core/", "transport/"},
    "machines": {"core/", "video/", "machines/machine.h"} | PORT_HEADERS,
    "html5-client": {"transport/site.h"},
    "gateway": {""},
    "tests": {""},
    "bench": {""},
}
NOBODY_INCLUDES = ("gateway/", "tests/", "bench/")

# A library's header -> the only files that may include it.
LIBRARIES = [
    (r"libwebsockets", r"transport/"),
    (r"usbg/", r"usbgadget/gadget\.c"),
    (r"vpx/", r"encode/vpx\.c"),
    (r"(turbojpeg|jpeglib)\.h", r"(encode/jpeg|capture/mjpeg)\.c"),
    (r"linux/videodev2\.h", r"capture/v4l2[^/]*\.[ch]"),
    (r"systemd/sd-(bus|event)", r"machines/qemu/"),
    (r"gpiod\.h", r"manage/gpio\.c"),
    (r"libnbd\.h", r"media/outward/"),
    (r"curl/curl\.h", r"(media/outward/|gateway/cli/)"),
    (r"(lzma|zstd)\.h", r"(media/unpack\.c|gateway/pictures/firmware_image\.c|tests/unit/media/pack\.c|bench/)"),
    (r"crypt\.h", r"auth/keeper/"),
    (r"sqlite3\.h", r"auth/(keeper|audit)/"),
    (r"ldap\.h|lber\.h", r"auth/outward/"),
    (r"seccomp\.h|linux/landlock\.h", r"gateway/"),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def room_of(path):
    parts = path.split("/")
    for n in range(len(parts) - 1, 0, -1):
        name = "/".join(parts[:n])
        if name in ROOMS:
            # each machine driver is a room of its own
            return "/".join(parts[:2]) if name == "machines" and n == 1 and len(parts) > 2 else name
    return None


def may_include(path, header):
    """Why this file may not include this header of ours, or None."""
    room = room_of(path)
    if room is None:
        return "its folder is not in the table of tests/lint/check_includes.py"
    if room_of(header) == room:
        return None
    allowed = ROOMS.get(room, ROOMS["machines"])
    everything = "" in allowed
    if header.startswith(NOBODY_INCLUDES) and room not in ("tests", "bench"):
        return f"nobody includes {header.split('/')[0]}"
    # what a folder keeps in a subfolder that is a room of its own is not given away with the folder
    fits = [a for a in allowed if header == a or (a.endswith("/") and header.startswith(a) and room_of(header) == a[:-1])]
    return None if everything or fits else f"{room} may include only {', '.join(sorted(allowed)) or 'system headers'}"


def check_file(root, path):
    text = (root / path).read_text(errors="replace")
    for match in INCLUDE.finditer(text):
        quote, header = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if quote == '"':
            why = may_include(path, header)
            if room_of(header) and not (root / header).exists():
                why = "there is no such file"
            elif room_of(header) is None and not (room_of(path) in ("html5-client", "tests", "bench")):
                why = "our headers are named by their path from the root"
            if why:
                yield f'{path}:{line}: includes "{header}": {why}'
        for pattern, only in LIBRARIES:
            if re.match(pattern, header) and not re.match(only, path) and room_of(path) not in ("tests", "bench"):
                yield f"{path}:{line}: includes <{header}>, which belongs in {only} alone"


def sources(root):
    for path in sorted(root.rglob("*.[ch]")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(("build/", ".git/")) and "/" in name:
            yield name


def check(root):
    return [finding for path in sources(root) for finding in check_file(root, path)]


def self_test():
    wrong = {
        "core/a.c": '#include "video/frame.h"',
        "media/a.c": '#include "capture/screen.h"',
        "transport/a.c": '#include "video/frame.h"',
        "transport/b.c": '#  include "encode/cohort.h"',
        "auth/a.c": '#include "auth/keeper/store.h"',
        "transport/c.c": '#include "auth/keeper/store.h"',
        "machines/qemu/a.c": '#include "machines/other/b.h"',
        "machines/other/b.h": "#include <systemd/sd-bus.h>",
        "manage/a.c": '#include "gateway/wiring.h"',
        "gateway/a.c": '#include "tests/x.h"',
        "api/a.c": "#include <libwebsockets.h>",
        "encode/a.c": '#include "frame.h"',
        "encode/b.c": '#include "core/missing.h"',
        "usbgadget/a.c": "#include <usbg/usbg.h>",
        "elsewhere/a.c": '#include "core/loop.h"',
    }
    right = {
        "core/loop.h": "#include <stdint.h>",
        "video/frame.h": '#include "core/loop.h"',
        "video/packet.h": "",
        "encode/cohort.h": '#include "video/frame.h"',
        "capture/screen.h": '#include "video/frame.h"',
        "auth/role.h": "",
        "auth/session.h": '#include "auth/role.h"',
        "auth/keeper/store.h": '#include "auth/session.h"\n#include <sqlite3.h>',
        "manage/b.c": '#include "capture/screen.h"',
        "transport/d.c": '#include "video/packet.h"\n#include "auth/session.h"\n#include <libwebsockets.h>',
        "machines/machine.h": "",
        "machines/qemu/b.c": '#include "machines/machine.h"\n#include "capture/screen.h"\n#include <systemd/sd-bus.h>',
        "gateway/wiring.h": '#include "encode/cohort.h"',
        "tests/x.h": '#include "gateway/wiring.h"',
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**wrong, **right}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
        found = {finding.split(":")[0] for finding in check(root)}
    errors = [f"self-test: not found in {name}: {wrong[name]}" for name in sorted(set(wrong) - found)]
    errors += [f"self-test: {name} is right but was refused" for name in sorted(found - set(wrong))]
    return errors


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    findings = self_test() if sys.argv[1:] == ["--self-test"] else check(root)
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


sys.exit(main())
