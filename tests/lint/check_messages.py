#!/usr/bin/env python3
"""What the page says (html5-client/messages/LANGUAGE/AREA.json): the same keys and {values} in every language; no key that nobody
uses, none that is not there; and no text in the page's own code.

How a key is used: a literal 'area.key' anywhere (a table may keep keys), or a template `area.part.${...}`, which uses every key
that it may become. What the gateway names by itself (error.CODE, settings.key.*) is used by such a template too.

What happens to a target is named in manage/target_event_words.c: each event has its message, which says in English what the
gateway says, and stands in the description of the API and in docs/api.md. So does why a recording ended (api/recording_end.c,
recordings.ended.ID, docs/recordings.md), why a dongle's automatic choice decided (usbgadget/chooser_why.c,
dongle.why.ID), and what its gadget does without (usbgadget/left_out.c, dongle.left.ID, dongle.function.NAME).

What the gateway refuses (error.CODE): refusal_codes.py."""
import json
import pathlib
import re
import sys

import refusal_codes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "html5-client"
LANGUAGES = "en", "de", "es", "fr", "zh"

# What has letters, is shown, and is the same in every language.
SAME_EVERYWHERE = {
    "lightsout",                         # the name
    "-----BEGIN CERTIFICATE-----",       # how such a file begins
}
# Properties of h() and of options that are shown or read out.
SPOKEN = {"aria-label", "title", "alt", "placeholder", "label", "hint", "text", "words", "action", "heading"}
# Calls whose first arguments are shown: name -> which argument.
SHOWN = {"setText": 1, "notice": 0, "setError": 0, "say": 0, "askDialog": 0, "printText": 0, "append": 0, "replaceChildren": 0}
# Events of which the page says another sentence, made of what it has words for.
OTHER_SENTENCE = {"signal-lost"}
LETTERS = re.compile(r"[A-Za-z]{2}")

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
  | (?P<number>\b\d[\w.]*)
  | (?P<word>[A-Za-z_$#][\w$]*)
  | (?P<space>\s+)
  | (?P<arrow>=>|\?\.|\?\?|\.\.\.)
  | (?P<sign>.)
""", re.X | re.S)
BEFORE_REGEX = set("(,=:[!&|?{};>+-*%~^<") | {"return", "typeof", "case", "=>", "??", "in", "of"}


class Template:
    """`a${x}b`: the pieces, and the code inside."""

    def __init__(self, pieces):
        self.pieces = pieces


def read_template(text, at):
    """From behind the opening back-tick: pieces, the code between them, and where it ends."""
    pieces, codes, piece = [], [], ""
    while text[at] != "`":
        if text[at] == "\\":
            piece += text[at:at + 2]
            at += 2
        elif text.startswith("${", at):
            pieces.append(piece)
            piece = ""
            code, at = read_code(text, at + 2)
            codes.append(code)
        else:
            piece += text[at]
            at += 1
    return pieces + [piece], codes, at + 1


def read_code(text, at):
    """Tokens up to the brace that closes what was opened before `at`, or to the end."""
    tokens, depth = [], 0
    while at < len(text):
        if text[at] == "`":
            pieces, codes, at = read_template(text, at + 1)
            tokens.append(("template", Template(pieces), at))
            for code in codes:
                tokens += [("sign", "(", at), *code, ("sign", ")", at)]
            continue
        last = next((value for kind, value, _ in reversed(tokens)), "(")
        if text[at] == "/" and text[at + 1] not in "/*" and last in BEFORE_REGEX:
            end = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*").match(text, at)
            if end:
                tokens.append(("regex", "", at))
                at = end.end()
                continue
        found = TOKEN.match(text, at)
        kind, value = found.lastgroup, found.group()
        if kind == "sign" and value == "{":
            depth += 1
        elif kind == "sign" and value == "}":
            if not depth:
                return tokens, at + 1
            depth -= 1
        if kind not in ("comment", "space"):
            tokens.append((kind, value[1:-1] if kind == "string" else value, at))
        at = found.end()
    return tokens, at


def shown_literals(tokens):
    """Literals that people see: children and spoken properties of h(), first arguments of SHOWN."""
    stack = []  # [opener, name of the call, argument, property]
    before = ("sign", ";", 0)
    for i, token in enumerate(tokens):
        kind, value, at = token
        if kind == "sign" and value in "([{":
            name = before[1] if value == "(" and before[0] == "word" else ""
            stack.append([value, name.lstrip("#"), 0, ""])
        elif kind == "sign" and value in ")]}" and stack:
            stack.pop()
        elif kind == "sign" and value == "," and stack:
            stack[-1][2] += 1
            stack[-1][3] = ""
        elif kind == "sign" and value == ":" and stack and stack[-1][0] == "{" and before[0] in ("word", "string"):
            stack[-1][3] = before[1]
        elif kind in ("string", "template") and stack:
            following = tokens[i + 1][1] if i + 1 < len(tokens) else ""
            compared = before[1] in ("=", "case") and following != ";" or following in ("=", "!")
            opener, name, argument, prop = stack[-1]
            value_alone = isinstance(value, str) and re.fullmatch(r"[a-z-]+", value)  # {action: 'export'}, x ? 'text' : 'password'
            spoken = opener == "{" and prop in SPOKEN and following != ":" and not value_alone
            child = opener == "(" and (name == "h" and argument >= 2 or SHOWN.get(name) == argument)
            if (spoken or child) and not compared:
                yield value, at
        before = token


def fixed_text(value):
    return " ".join(value.pieces) if isinstance(value, Template) else value


def keys_used(tokens, areas):
    """Literal keys, and patterns of templates."""
    for kind, value, at in tokens:
        if kind == "string" and re.fullmatch(rf"(?:{areas})\.[a-z0-9][\w.+-]*", value):
            yield value, at
        elif kind == "template" and re.match(rf"(?:{areas})\.", value.pieces[0]):
            yield re.compile("(.+)".join(map(re.escape, value.pieces))), at


def values_of(message):
    texts = message.values() if isinstance(message, dict) else [message]
    return set().union(*(re.findall(r"\{(\w+)\}", text) for text in texts))


def check_languages(messages):
    """Refusals have no English: the gateway's own sentence is shown."""
    refusals = {key: text for texts in messages.values() for key, text in texts.items() if key.startswith(refusal_codes.LANGUAGE)}
    for language, texts in messages.items():
        english = messages["en"] if language == "en" else {**refusals, **messages["en"]}
        for key in english.keys() - texts.keys():
            yield f"messages/{language}: '{key}' is missing"
        for key in texts.keys() - english.keys():
            yield f"messages/{language}: '{key}' is not there in English"
        for key in english.keys() & texts.keys():
            if values_of(texts[key]) - {"count"} != values_of(english[key]) - {"count"}:
                yield f"messages/{language}: '{key}' has {sorted(values_of(texts[key]))}, English {sorted(values_of(english[key]))}"
            if not (texts[key] if isinstance(texts[key], str) else texts[key].get("other")):
                yield f"messages/{language}: '{key}' says nothing"


def check_code(files, english):
    areas = "|".join(sorted({re.escape(key.split(".")[0]) for key in english}))
    used, patterns = set(), []
    for name, text in files.items():
        tokens, _ = read_code(text, 0)
        line = lambda at: f"{name}:{text.count(chr(10), 0, at) + 1}"
        for key, at in keys_used(tokens, areas):
            if isinstance(key, re.Pattern):
                patterns.append(key)
                if not any(key.fullmatch(one) for one in english):
                    yield f"{line(at)}: no message fits {key.pattern}"
            elif key in english:
                used.add(key)
            else:
                yield f"{line(at)}: there is no message '{key}'"
        for value, at in shown_literals(tokens):
            fixed = fixed_text(value)
            if LETTERS.search(fixed) and fixed not in SAME_EVERYWHERE and fixed not in english:
                yield f"{line(at)}: '{fixed[:60]}' stands in the code; a text belongs into messages/"
    for key in english:
        if key not in used and not any(pattern.fullmatch(key) for pattern in patterns):
            yield f"messages/en: nobody uses '{key}'"


# Where what the gateway tells by an id is named, how a row of that table begins, its messages' keys, and its document.
EVENTS = "manage/target_event_words.c", "TARGET_EVENT_", "event.", "docs/api.md"
ENDS = "api/recording_end.c", "API_END_", "recordings.ended.", "docs/recordings.md"
WHYS = "usbgadget/chooser_why.c", "CHOOSER_WHY_", "dongle.why.", "docs/api.md"
LEFT_OUT = "usbgadget/left_out.c", "LEFT_OUT_", "dongle.left.", "docs/api.md"
FUNCTIONS = "usbgadget/left_out.c", "GADGET_", "dongle.function.", "docs/api.md"
# As the page has it -> as the gateway has it.
PLAIN = str.maketrans("’“”", "'\"\"")


def read_table(table, row):
    """name -> sentence, as the gateway says it; and how many rows are written in another way."""
    rows = re.findall(rf'\[{row}\w+\] =\s+\{{"([^"]*)",(?: \w+, \w+,)?\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}}', table)
    pieces = {name: re.findall(r'"((?:[^"\\]|\\.)*)"', literals) for name, literals in rows}
    return {name: json.loads('"%s"' % "".join(texts)) for name, texts in pieces.items()}, len(re.findall(rf"^\s*\[{row}", table, re.M)) - len(rows)


def check_told(where, table, english, described, document):
    """where: EVENTS, ENDS, ...; described: the ids in the description of the API; document: its text."""
    source, row, key, path = where
    told, unread = read_table(table, row)
    if unread or not told:
        yield f"{source}: {unread} rows of the table cannot be read"
    for name, sentence in told.items():
        said = english.get(key + name)
        if said is None:
            yield f"messages/en: '{key}{name}' is missing"
        elif name not in OTHER_SENTENCE and said.translate(PLAIN) != sentence:
            yield f"messages/en: '{key}{name}' says '{said}', the gateway '{sentence}'"
        if f"`{name}`" not in document:
            yield f"{path}: '{name}' is missing"
    for one in english:
        if one.startswith(key) and one[len(key):] not in told:
            yield f"messages/en: the gateway tells nothing by '{one}'"
    if sorted(described) != sorted(told):
        yield f"api/openapi: the ids of {source} differ in {sorted(set(described) ^ set(told))}"


def read_messages():
    messages = {}
    for language in LANGUAGES:
        messages[language] = {}
        for path in sorted((PAGE / "messages" / language).glob("*.json")):
            messages[language].update(json.loads(path.read_text()))
    return messages


SELF_TEST = {
    "h('p', {}, 'Some text')": 1, "h('p', { class: 'big text' }, name)": 0, "h('p', { title: 'Some text' })": 1, "t('a.b')": 0,
    "h('p', {}, `${n} things`)": 1, "setText(el, 'On')": 1, "setText(el, t('a.b'))": 0, "t('a.missing')": 1, "t(`a.${x}`)": 0,
    "send({ action: 'export' })": 0, "h('p', {}, kind === 'off' ? t('a.b') : '')": 0, "f({ label: `Of ${x}` })": 1, "const r = /'/; h('b', {}, 'Text')": 1,
    "t(`z.${x}`); notice('Done.')": 1, "h('p', {}, x ? 'One' : y)": 1,
}


def self_test():
    failed = 0
    for code, count in SELF_TEST.items():
        found = [one for one in check_code({"x.js": code}, {"a.b": "B"}) if "nobody" not in one]
        if len(found) != count:
            failed += 1
            print(f"{code}: {len(found)} complaints, not {count}: {found}")
    differing = list(check_languages({"en": {"a.b": "{x} of {y}", "a.c": "C"}, "de": {"a.b": "{x} von {z}"}}))
    if len(differing) != 2 or not list(check_code({}, {"a.b": "B"})):
        failed += 1
        print(f"languages: {differing}")
    return failed + self_test_told() + refusal_codes.self_test()


def self_test_told():
    table = '[TARGET_EVENT_A] = {"a-b", KIND, TONE, "Its \\"{1}\\" isn\'t."},\n[TARGET_EVENT_B] =\n {"c", KIND, TONE,\n  "On."},'
    right = {"event.a-b": "Its “{1}” isn’t.", "event.c": "On."}
    cases = [(table, right, ["a-b", "c"], "`a-b`, `c`", 0), (table, {**right, "event.c": "Off."}, ["a-b", "c"], "`a-b`, `c`", 1),
             (table, {"event.c": "On.", "event.d": "On."}, ["a-b", "c"], "`a-b`, `c`", 2), (table, right, ["c"], "`c`", 2),
             (table.replace('"On."', "ON"), right, ["a-b"], "`a-b`", 2), ("", {}, [], "", 1)]
    failed = 0
    for *case, count in cases:
        ends = [case[0].replace("TARGET_EVENT_", "API_END_").replace(" KIND, TONE,", "")]
        ends += [{key.replace("event.", "recordings.ended."): text for key, text in case[1].items()}, *case[2:]]
        for found in list(check_told(EVENTS, *case)), list(check_told(ENDS, *ends)):
            if len(found) != count:
                failed += 1
                print(f"told: {len(found)} complaints, not {count}: {found}")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    messages = read_messages()
    files = {p.relative_to(ROOT).as_posix(): p.read_text() for p in sorted(PAGE.rglob("*.js"))}
    schemas = {area: json.loads((ROOT / f"api/openapi/{area}.json").read_text())["components"]["schemas"] for area in ("targets", "recordings", "usb")}
    left_out = schemas["usb"]["usb_left_out"]["properties"]
    described = (schemas["targets"]["event_id"]["enum"], schemas["recordings"]["recording_end"]["properties"]["id"]["enum"], schemas["usb"]["usb_why"]["enum"],
                 left_out["id"]["enum"], left_out["functions"]["items"]["enum"])
    complaints = [*check_languages(messages), *check_code(files, {**messages["de"], **messages["en"]})]
    sources = refusal_codes.read_sources(ROOT)
    complaints += refusal_codes.check_refusals(sources, messages["de"], (ROOT / "docs/page.md").read_text())
    complaints += refusal_codes.check_faults(sources, messages["de"])
    if any(key.startswith(refusal_codes.LANGUAGE) for key in messages["en"]):
        complaints.append("messages/en: the gateway says its refusals in English itself")
    for where, ids in zip((EVENTS, ENDS, WHYS, LEFT_OUT, FUNCTIONS), described):
        table, document = ((ROOT / name).read_text() for name in (where[0], where[3]))
        complaints += check_told(where, table, messages["en"], ids, document)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


sys.exit(main())
