#!/usr/bin/env python3
"""Writes groups.txt and natives.txt, the system-call tables of the exposure score.

Usage: generate.py GROUPS NATIVES...

GROUPS is a JSON object {SYSTEMD: {"@group": [member, ...]}}: per version what `systemd-analyze syscall-filter`
lists. Each NATIVES is a JSON file {ARCHITECTURE: [name, ...]} named native-LIBSECCOMP.json: the calls that
libseccomp resolves to a number of that architecture itself.

Versions share almost everything, so each name is written once, with the versions that differ behind it:
`name>=V` is there from version V on, `name<V` until before it. A name that went and came back has two words.
"""

import json
import pathlib
import re
import sys
import textwrap

# The versions that have a profile, each with the release that stands for it.
RELEASES = {252: "252.39", 254: "254-stable", 255: "255-stable", 257: "257.13", 259: "259.5", 262: "262"}
SCORED = "swap obsolete clock cpu-emulation debug mount module raw-io reboot privileged resources".split()


def annotate(sets, versions):
    """One word for each member of any of the sets, which stand in the order of the versions."""
    words = []
    for name in sorted(set().union(*sets)):
        there = [name in members for members in sets]
        edges = [i for i in range(len(there) + 1) if (i > 0 and there[i - 1]) != (i < len(there) and there[i])]
        for first, end in zip(edges[::2], edges[1::2]):
            since = f">={versions[first]}" if first else ""
            until = f"<{versions[end]}" if end < len(versions) else ""
            words.append(name + since + until)
    return words


def wrap(head, words):
    text = " ".join([head, *words])
    lines = textwrap.wrap(text, 110, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def main():
    here = pathlib.Path(__file__).parent
    groups = json.loads(pathlib.Path(sys.argv[1]).read_text())
    tables = [groups[release] for release in RELEASES.values()]
    versions = list(RELEASES)
    text = "# System-call groups of systemd; generate.py writes this file.\n"
    for group in sorted(set().union(*tables)):
        text += wrap(group, annotate([set(table.get(group, ())) for table in tables], versions))
    (here / "groups.txt").write_text(text)

    def expand(table, group):
        for member in table[group]:
            yield from expand(table, member) if member.startswith("@") else [member]

    scored = {name for table in tables for group in SCORED for name in expand(table, "@" + group)}
    libraries = {}
    for path in map(pathlib.Path, sys.argv[2:]):
        release = re.fullmatch(r"native-([0-9.]+)\.json", path.name)[1]
        libraries[tuple(map(int, release.split(".")))] = (release, json.loads(path.read_text()))
    releases, natives = zip(*(libraries[key] for key in sorted(libraries)))
    text = "# Of the calls that the score looks at, those that an architecture has; generate.py writes this file.\n"
    for architecture in natives[-1]:
        sets = [scored & set(native.get(architecture, ())) for native in natives]
        text += wrap(architecture, annotate(sets, releases))
    (here / "natives.txt").write_text(text)


if __name__ == "__main__":
    main()
