"""The basic rows of docs/conformance.csv, each on a volume of its own.

rows.py LIBRARY TABLE IMAGE FOLDER: IMAGE is a volume without files.
"""
import csv
import os
import re
import sys

from win32 import attributes, delete, hard_link, k, links, make_directory, make_file, remove_directory, result
from win32 import symbolic_link, wide

table, image, folder = sys.argv[2:5]


class NotBasic(Exception):
    """A row that needs more than this file knows."""


def path(text):
    """`{a*200}` and `{u+3042*3}` spelled out."""

    def spell(match):
        unit, times = match.group(1), int(match.group(2) or 1)
        return (chr(int(unit[2:], 16)) if unit.lower().startswith("u+") else unit) * times

    spelled = re.sub(r"\{(u\+[0-9A-Fa-f]{4}|.)(?:\*(\d+))?\}", spell, text)
    if "{" in spelled or "$" in spelled:
        raise NotBasic
    return spelled


def words(text):
    return [path(quoted if text[at : at + 1] == "'" else plain) for at, quoted, plain in
            ((m.start(), m.group(1), m.group(2)) for m in re.finditer(r"'([^']*)'|(\S+)", text))]


def prepare(step):
    kind, _, rest = step.strip().partition(" ")
    if kind == "file":
        name, _, data = rest.partition("=")
        if ":" in name[3:].replace(":\\", "") or "{" in data:
            raise NotBasic
        return lambda: make_file(words(name)[0], data.encode())
    if kind == "dir":
        return lambda: make_directory(words(rest)[0])
    if kind in ("symlink", "symlinkd", "link") and " -> " in rest:
        new, target = (words(part)[0] for part in rest.split(" -> ", 1))
        if kind == "link":
            return lambda: hard_link(new, target)
        return lambda: symbolic_link(new, target, kind == "symlinkd")
    raise NotBasic


def check(text):
    """None for what other tests look at."""
    asked, _, expected = text.strip().partition(" => ")
    kind, _, name = asked.partition(" ")
    if kind == "links":
        name = words(name)[0]
        return lambda: links(name) == int(expected)
    if kind == "exists" and expected in ("yes", "no"):
        name = words(name)[0]
        return lambda: (attributes(name) < 0) == (expected == "yes")
    return None


CALLS = {
    "CreateHardLinkW": (2, lambda new, existing: hard_link(new, existing)),
    "CreateSymbolicLinkW": (2, lambda link, target, flags="0": symbolic_link(link, target, int(flags, 0))),
    "DeleteFileW": (1, delete),
    "RemoveDirectoryW": (1, remove_directory),
    "CreateDirectoryW": (1, make_directory),
}


def read(row):
    if row["call"] not in CALLS or "ntfs" not in row["back_ends"].split() or row["status"] != "met":
        raise NotBasic
    # The volume has no 8.3 names.
    if "~" in row["setup"] + row["arguments"]:
        raise NotBasic
    least, call = CALLS[row["call"]]
    steps = [prepare(step) for step in row["setup"].split(";") if step.strip()]
    arguments = [None if word == "NULL" else word for word in words(row["arguments"])]
    most = 3 if row["call"] == "CreateSymbolicLinkW" else least
    if not least <= len(arguments) <= most or len(arguments) == 3 and not re.fullmatch("0x[0-9a-f]+|[0-9]+", arguments[2]):
        raise NotBasic
    checks = [check(part) for part in row["then"].split(";") if " => " in part]
    expected = 0 if row["return"] == "TRUE" else int(row["last_error"])
    return steps, lambda: call(*arguments), expected, [c for c in checks if c]


with open(image, "rb") as blank:
    chunks = [(at * 65536, chunk) for at, chunk in enumerate(iter(lambda: blank.read(65536), b"")) if any(chunk)]
size, met, wrong = os.path.getsize(image), {}, []
for row in csv.DictReader(open(table, encoding="utf-8", newline="")):
    try:
        steps, call, expected, checks = read(row)
    except NotBasic:
        continue
    copy = os.path.join(folder, "row.img")
    with open(copy, "wb") as out:
        out.truncate(size)
        for at, chunk in chunks:
            out.seek(at)
            out.write(chunk)
    assert result(k.LinkwrightMapDriveW(wide("C:"), wide(copy))) == 0
    for step in steps:
        if step() != 0:
            wrong.append(f"{row['id']}: the setup fails")
    found = call()
    if found != expected:
        wrong.append(f"{row['id']}: {found} in place of {expected}")
    wrong += [f"{row['id']}: {row['then']}" for holds in checks if not holds()]
    met[row["call"]] = met.get(row["call"], 0) + 1
    assert result(k.LinkwrightUnmapDriveW(wide("C:"))) == 0, row["id"]
print("\n".join(wrong) or " ".join(f"{call}:{count}" for call, count in sorted(met.items())))
sys.exit(bool(wrong))
