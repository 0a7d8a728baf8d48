"""The codes of the gateway's refusals ({"error":{"code":...}}), read from its sources: each has words in the page's other
languages (messages/LANGUAGE/errors.json, 'error.CODE'; in English the gateway's own sentence is shown), or is one that only
programs meet and docs/page.md names. {1} in such words is the first part of the gateway's sentence, {0} the sentence.

Why a value of a setting is refused (bad-config) is a sentence of gateway/config: the page knows which by its first three words
(settings/key_words.js, 'error.bad-config.THREE-FIRST-WORDS')."""
import re

FOLDERS = "api", "gateway", "transport"
# Who refuses: which argument is the code, and which the sentence.
REFUSING = {"route_reply_error": (2, 3), "tus_reply_error": (2, 3), "request_refuse": (2, 3), "api_reply_port_error": (3, None),
            "reply_type_error": (2, None)}
HANDED_ON = {"code", "busy_code", "replies[i].code"}  # a parameter of one of these, or a row of a table
LANGUAGE = "error."

# Only programs meet these: the page's own code does not ask so, or says a sentence of its own.
SCRIPT_ONLY = {
    "bad-checksum", "bad-json", "bad-length", "bad-method", "bad-offset", "bad-purpose", "bad-range", "bad-type",
    "bad-version", "length-required", "local-only", "missing-key", "no-base", "no-such-layout", "no-such-path", "not-json",
    "unknown-key", "exports-off", "needs-setup",
}

# Of more than one value, without words: the page never wishes that, or the file alone may.
FILE_ONLY = {
    "certificate-and-certificate", "it-does-not", "revokes-certificates-of", "subdevices-are-set", "target-s-does", "target-s-is",
    "target-s-replays", "the-media-device", "there-is-no",
}
SETTING = "bad-config."
OF_SETTING = {"form", "example"}
TOGETHER = "gateway/config/config_check.c", "gateway/config/settings_change.c"

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONVERSION = re.compile(r"%(?!%)[^diuxsc]*[diuxsc]")


def arguments(text, at):
    """Those of the call whose parenthesis was opened before `at`."""
    found, depth, begin = [], 0, at
    for one in re.compile(r'"(?:[^"\\]|\\.)*"|[(){}\[\],]').finditer(text, at):
        sign = one.group()
        if sign in "([{":
            depth += 1
        elif sign == "," and depth == 0 or sign in ")]}" and depth == 0:
            found.append(text[begin:one.start()].strip())
            begin = one.end()
            if sign != ",":
                return found
        elif sign in ")]}":
            depth -= 1
    return found


def parts(sentence, defined):
    """How many parts a sentence has for certain."""
    sentence = defined.get(sentence, sentence or "")
    text = "".join(LITERAL.findall(sentence))
    return 0 if "?" in LITERAL.sub("", sentence) or text == "%s" else len(CONVERSION.findall(text.replace("%%", "")))


def read_codes(sources):
    """sources: name -> text. Code -> the fewest parts of its sentences; and where a code cannot be read."""
    codes, unread = {}, []
    defined = {name: value for text in sources.values() for name, value in re.findall(r'#define (\w+) ("[^\n]*")', text)}
    for name, text in sources.items():
        for call in re.finditer(rf"\b({'|'.join(REFUSING)})\(", text):
            code, sentence = REFUSING[call.group(1)]
            given = arguments(text, call.end())
            if re.match(r"(const )?struct \w+ \*", given[0]):
                continue  # the function itself
            said = LITERAL.findall(given[code]) if len(given) > code else []
            n = parts(given[sentence] if sentence and len(given) > sentence else "", defined)
            if not said and (len(given) <= code or given[code] not in HANDED_ON):
                unread.append(f"{name}:{text.count(chr(10), 0, call.start()) + 1}")
            for one in said:
                codes[one] = min(n, codes.get(one, n))
        for one in re.findall(r'\{-E\w+, \d{3}, "([a-z-]+)"\}|"code", (?:json_string\()?"([a-z-]+)"(?:\)|, "message")', text):
            codes["".join(one)] = 0
    return codes, unread


def fault(sentence):
    """As settings/key_words.js: by which words it is known, and how many parts it has."""
    put_in = re.sub(r"%l?[du]", "0", sentence.replace("%%", ""))
    part = r" '[^']*'| (?:\d+|%s)(?=[ ,;:.]|$)" if put_in.startswith(("is ", "holds ")) else r" '[^']*'| \d+(?=[ ,;:.]|$)"
    words = re.findall(r"[a-z0-9]+", re.sub(part, " ", " " + put_in).lower())
    return "-".join(words[:3]), len(re.findall(part, " " + put_in))


def read_faults(sources):
    """Id -> the fewest parts of its sentences; and those of what stands in no single value."""
    faults, together = {}, set()
    for name, text in sources.items():
        if not name.startswith("gateway/config/"):
            continue
        found = []
        for call in re.finditer(r"\b(WHY|snprintf|config_mistake)\(", text):
            given = arguments(text, call.end())
            at = {"WHY": 0, "snprintf": 2, "config_mistake": 4}[call.group(1)]
            if len(given) > at and (call.group(1) != "snprintf" or given[0] == "why"):
                found.append((given[at], name in TOGETHER and at == 4))
        found += [(one, True) for one in re.findall(r'return [^;"]*((?:"(?:[^"\\]|\\.)*"\s*)+)', text) if "config_directory_fault" in text]
        for sentences, of_many in found:
            for sentence in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+', sentences):
                said = "".join(LITERAL.findall(sentence))
                if said.startswith(("%", "'%")):
                    continue  # put together of others
                one, n = fault(said)
                faults[one] = min(n, faults.get(one, n))
                if of_many:
                    together.add(one)
    return faults, together


def check_faults(sources, texts):
    faults, together = read_faults(sources)
    for key, said in texts.items():
        one = key[len(LANGUAGE + SETTING):]
        if not key.startswith(LANGUAGE + SETTING) or one in OF_SETTING:
            continue
        if one not in faults:
            yield f"messages: '{key}': no sentence of gateway/config begins so"
        elif any(int(part) > faults[one] for part in re.findall(r"\{(\d+)s?\}", said)):
            yield f"messages: '{key}' has more parts than the gateway's sentence"
    for one in sorted(together):
        if (LANGUAGE + SETTING + one in texts) == (one in FILE_ONLY):
            yield f"gateway/config refuses with '{one} ...': " + ("there are words for it, but the file alone meets it" if one in FILE_ONLY else "no words for it")
    for one in sorted(FILE_ONLY - together):
        yield f"tests/lint/refusal_codes.py: no sentence of gateway/config begins '{one}'"


def check_refusals(sources, texts, document):
    """texts: the messages of another language than English; document: docs/page.md."""
    codes, unread = read_codes(sources)
    for place in unread:
        yield f"{place}: the code of this refusal cannot be read"
    for code, n in sorted(codes.items()):
        said = texts.get(LANGUAGE + code)
        if (said is None) == (code not in SCRIPT_ONLY):
            yield f"the gateway refuses with '{code}': " + ("only programs meet it, but the page has words" if said else "no words for it")
        too_far = [part for part in re.findall(r"\{(\d+)s?\}", said or "") if int(part) > n]
        if too_far:
            yield f"messages: '{LANGUAGE}{code}' has {too_far}, not every sentence of the gateway has so many parts"
    for key in texts:
        if key.startswith(LANGUAGE) and not key.startswith(LANGUAGE + SETTING) and key[len(LANGUAGE):] not in codes:
            yield f"messages: the gateway refuses nothing with '{key[len(LANGUAGE):]}'"
    for code in sorted(SCRIPT_ONLY):
        if code not in codes:
            yield f"tests/lint/refusal_codes.py: the gateway refuses nothing with '{code}'"
        elif f"`{code}`" not in document:
            yield f"docs/page.md: '{code}' is missing"


def read_sources(root):
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.[ch]"))
    return {path.relative_to(root).as_posix(): path.read_text() for path in [*paths, root / "core/route.h"]}


SOURCE = '''#define GONE "There is no '%s'."
void route_reply_error(struct route_call *call, int status, const char *code, const char *message, ...);
route_reply_error(call, 404, "gone", GONE, name(a, "b, c"));
route_reply_error(call, full ? 507 : 503, full ? "full" : "away",
                  "It needs %zu of %llu, "
                  "100 %%.", n, m);
route_reply_error(call, 409, "full", "%s", why);
{-EBUSY, 409, "used"},
'''
WORDS = {"error.gone": "{1}", "error.full": "{0}", "error.away": "{1}: {2s}", "error.used": "U"}


FAULTS = {
    "is no word of a-z, 0-9 and -": ("is-no-word", 0), "holds '%.*s', which is no size": ("holds-which-is", 1), "is less than %s, which is": ("is-less-than", 1),
    "holds neither %%d nor %%u": ("holds-neither-d", 0), "the owner's file, of %d, in '%s'": ("the-owner-s", 2), "names ports, %u and %u; 2T": ("names-ports-and", 2),
}
TWO = 'WHY("is no size, but %d"); config_mistake(m, 0, a, b, "target \'%s\' has no size", c);'


def self_test_faults():
    failed = [sentence for sentence, told in FAULTS.items() if fault(sentence) != told]
    own = {f"error.bad-config.{one}": "" for one in FILE_ONLY}
    files = {"gateway/config/config_check.c": TWO + "".join(f'config_mistake(m, 0, a, b, "{one.replace("-", " ")}");' for one in sorted(FILE_ONLY))}
    cases = [({"error.bad-config.is-no-size": "{1}", "error.bad-config.target-has-no": "{1}", "error.bad-config.form": "F"}, 0),
             ({"error.bad-config.target-has-no": "{2}"}, 1), ({}, 1), ({"error.bad-config.target-has-no": "", "error.bad-config.is-a-size": ""}, 1),
             ({"error.bad-config.target-has-no": "", **dict(list(own.items())[:1])}, 1)]
    for texts, count in cases:
        found = list(check_faults(files, texts))
        if len(found) != count:
            failed.append(f"{len(found)} complaints, not {count}: {found}")
    for one in failed:
        print(f"faults: {one}")
    return len(failed)


def self_test():
    """How many of these do not come out as they should."""
    own = {f"error.{code}": "" for code in SCRIPT_ONLY}
    scripts = "\n".join(f'tus_reply_error(call, 400, "{code}", "No.");' for code in sorted(SCRIPT_ONLY))
    document = " ".join(f"`{code}`" for code in SCRIPT_ONLY)
    cases = [(SOURCE, WORDS, document, 0), (SOURCE, {**WORDS, "error.full": "{1}"}, document, 1), (SOURCE, {**WORDS, "error.away": "{3}"}, document, 1),
             (SOURCE, {**WORDS, "error.other": "O"}, document, 1), (SOURCE, {"error.gone": "G"}, document, 3), (SOURCE, WORDS, "", len(SCRIPT_ONLY)),
             (SOURCE, {**WORDS, **dict(list(own.items())[:1])}, document, 1), (SOURCE + "request_refuse(self, 400, words[i], text);", WORDS, document, 1)]
    failed = 0
    for source, texts, told, count in cases:
        found = list(check_refusals({"x.c": source + scripts}, texts, told))
        if len(found) != count:
            failed += 1
            print(f"refusals: {len(found)} complaints, not {count}: {found}")
    return failed + self_test_faults()
