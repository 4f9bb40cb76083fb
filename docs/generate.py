"""
Write the pages of the documentation that the code already knows.

``python docs/generate.py`` writes them; ``--check`` only compares, names each stale
page, and ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailprobe.cli import parser
from mailprobe.judge.kinds import KINDS
from mailprobe.judge.rules import RULES
from mailprobe.judge.transitions import TRANSITIONS, transition
from mailprobe.lab import OUTAGES, REPLAYS
from mailprobe.model.passage import Fate
from mailprobe.providers import builtin
from mailprobe.render.schema import answers_schema, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mailprobe.lab import Replay
    from mailprobe.model.provider import Preset
    from mailprobe.model.target import Endpoint

DOCS: Final = Path(__file__).resolve().parent
NOTE: Final = "<!-- Written by docs/generate.py from {source}. Change that instead. -->"


def page(title: str, source: str, *parts: str) -> str:
    """Put a page together; a blank line between its parts."""
    return "\n\n".join((f"# {title}", NOTE.format(source=source), *parts)) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table; text in it can neither end a cell nor a line."""
    every = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in every)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def code(text: str) -> str:
    """Mark *text* as code; nothing stays nothing."""
    if "|" in text:  # no renderer agrees with another on how to escape it
        return f"<code>{escape(text).replace('|', '&#124;')}</code>"
    return f"`{text}`" if text else ""


# --- verdicts and failures --------------------------------------------------------


def verdicts() -> str:
    """List the rules in the order in which they are tried."""
    rows = (
        (
            str(number),
            code(rule.name),
            ", ".join(name.removesuffix("Report") for name in rule.applies_to) or "all",
            rule.condition,
            f"{rule.status}, {rule.blame}" if rule.blame else str(rule.status),
            rule.why,
        )
        for number, rule in enumerate(RULES, 1)
    )
    heads = ("", "rule", "report", "when", "verdict", "what is said")
    return page(
        "Verdicts",
        "the table in mailprobe.judge.rules",
        "A verdict is read off this table, from top to bottom: the first that fits\n"
        "decides. Its name stands in the verdict (`verdict_rule` in JSON). Words in\n"
        "braces are filled in. What the verdicts mean:\n"
        "[Four availabilities, and whose fault](availabilities.md).",
        table(heads, rows),
    )


def failures() -> str:
    """List every kind of failure with what it means and what to do."""
    rows = (
        (
            code(str(kind)),
            f"… {e.meaning}",
            str(e.status),
            str(e.blame or ""),
            "at once" if e.attempts == 1 else "after two attempts",
            e.advice,
            e.source,
        )
        for kind, e in KINDS.items()
    )
    heads = (
        "kind",
        "the other side …",
        "status",
        "blame",
        "counts",
        "what to do",
        "source",
    )
    return page(
        "Failures",
        "the table in mailprobe.judge.kinds",
        "Every failed step has one kind of this closed list. `mailprobe explain KIND`\n"
        "prints a line of it. Status and blame are what the kind means by itself; a\n"
        "rule that knows more of the conversation may decide otherwise: see\n"
        "[Verdicts](../concepts/verdicts.md). What one attempt cannot prove is tried\n"
        "once more before it counts (`--attempts`), but never after a login.",
        table(heads, rows),
    )


# --- fates ------------------------------------------------------------------------

FATES: Final = {
    Fate.UNCONFIRMED: "Perhaps taken: there is no answer yet, or it was lost.",
    Fate.IN_FLIGHT: "Taken by a server, and not seen yet.",
    Fate.DELIVERED: "In the inbox, and not surely late.",
    Fate.LATE: "In the inbox, and surely later than its route allows.",
    Fate.JUNK: "In the junk folder alone.",
    Fate.REJECTED: "Refused, or never handed over.",
    Fate.BOUNCED: "Taken, and returned to its sender.",
    Fate.PRESUMED_LOST: "Not seen within the horizon, and given up.",
    Fate.RECOVERED: "Seen after it had been returned or given up.",
}
FATES_INTRO: Final = """\
Each canary mail has exactly one fate at a time, from the moment before it is sent. Its
fate follows from what was written down about it, by the table below, and from nothing
else: whoever has the entries can work it out again."""
ARRIVALS: Final = """\
## When it arrived

- A mail arrived when its store says so (INTERNALDATE), if that can be true: not before
  it was handed over, nor while we looked and it was not there, and not after we saw
  it. A minute either way is left to the clocks. Else it arrived when it was first seen.
- It is late if it surely was. While a mailbox cannot be opened, nobody can say that a
  mail in it is late; once it opens, the store's date tells. If the mail was looked for
  in vain, it was not there, whatever date it bears afterwards.
- Each copy has its own delay. The copy that was first in the inbox counts; the others
  are duplicates, counted beside the balance. A copy is known by its folder and UID; in
  a folder that was numbered anew, by the store's date.
- The horizon is five days: servers try that long (RFC 5321 4.5.4.1). A mail that comes
  later is recovered.
- A mail is overtaken if one of the same route, sent later, arrived before it
  (`mailprobe.judge.order`). Many of them mean a queue that is drained from its end."""
BALANCE: Final = """\
## What goes in comes out

After every entry these hold; if they do not, there is a fault of ours, and it is said:

```text
submitted              = rejected + accepted + unconfirmed
accepted + unconfirmed = delivered + late + junk + recovered
                         + bounced + presumed lost + in flight
```

A mail whose fate is unconfirmed counts as in flight in the second line. A mail that is
seen, held or returned was accepted, whatever the answer at its submission was."""
BOUNCES: Final = """\
## Bounces

Anybody can write a bounce. It returns or holds a mail only if it bears the token of
that mail, made with our key for its sender and its recipient, was found in the sender's
mailbox, and speaks of the recipient. Everything else is evidence, and moves nothing.
Answers in somebody's absence and read receipts are no bounces."""


def fates() -> str:
    """Draw the table of transitions, and give each row its reason."""
    kinds = list(dict.fromkeys(row.entry for row in TRANSITIONS))[1:]
    grid = (
        (code(fate), *(_after(transition(fate, kind).after, fate) for kind in kinds))
        for fate in FATES
    )
    rows = (
        (
            code(row.entry),
            ", ".join(code(fate) for fate in row.before),
            ", ".join(code(fate) for fate in row.after) or "stays",
            row.reason,
        )
        for row in TRANSITIONS
    )
    return page(
        "Fates",
        "the table in mailprobe.judge.transitions",
        FATES_INTRO,
        table(("fate", "meaning"), [(code(f), said) for f, said in FATES.items()]),
        "## From fate to fate",
        "Down: what a mail is. Across: what is noted about it. A dot: it stays.",
        table(("", *map(code, kinds)), grid),
        "The same with its reasons. Where several fates stand, the copies in the\n"
        "mailboxes tell.",
        table(("entry", "before", "after", "why"), rows),
        ARRIVALS,
        BALANCE,
        BOUNCES,
    )


def _after(after: tuple[Fate, ...], before: Fate) -> str:
    return ", ".join(after).replace("_", " ") if after not in ((), (before,)) else "·"


# --- providers --------------------------------------------------------------------


def _served(endpoints: Iterable[Endpoint]) -> str:
    return ", ".join(f"`{e}` {e.security}" for e in endpoints)


def _listed(name: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"- {name}:"
        yield from (f"    - {item}" for item in items)


def _provider(preset: Preset) -> str:
    lines = [
        f"## {preset.name}",
        "",
        f"- id: `{preset.id}`; operator: {preset.operator}",
        f"- platform: `{preset.platform}`",
        f"- domains: {', '.join(map(code, preset.domains))}",
        f"- submission: {_served(preset.smtp) or 'none'}",
        f"- IMAP: {_served(preset.imap) or 'none'}",
        f"- login name: {preset.username}; by {', '.join(preset.auth)}",
        *_listed("limits", preset.limits),
        *_listed("quirks", preset.quirks),
        *_listed("sources", [_link(source) for source in preset.sources]),
        f"- sources read on: {preset.last_checked}",
    ]
    if not preset.enabled:
        lines.append("- not probed by default: too little is known")
    return "\n".join(lines)


def _link(source: str) -> str:
    return f"<{source}>" if source.startswith(("http://", "https://")) else source


def providers() -> str:
    """List the built-in presets."""
    catalogue = builtin()
    presets = sorted(catalogue.presets, key=lambda preset: preset.name.casefold())
    shared = [
        f"- `{platform.id}`: {platform.name}"
        for platform in sorted(catalogue.platforms, key=lambda platform: platform.id)
    ]
    return page(
        "Providers",
        "the presets in mailprobe.providers",
        "What is publicly known about these services: read in the sources named, on\n"
        "the day named. It was read, not tried.",
        *map(_provider, presets),
        *(["## Shared platforms\n\n" + "\n".join(shared)] if shared else []),
    )


# --- JSON -------------------------------------------------------------------------

REFS: Final = "#/$defs/"


def _type(schema_part: dict[str, Any]) -> str:  # noqa: PLR0911 - one per form
    """Say in a few words what a part of a schema allows."""
    if "$ref" in schema_part:
        name = str(schema_part["$ref"]).removeprefix(REFS)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema_part:
        return " or ".join(_type(part) for part in schema_part["anyOf"])
    if "enum" in schema_part:
        return ", ".join(code(json.dumps(value)) for value in schema_part["enum"])
    if "const" in schema_part:
        return code(json.dumps(schema_part["const"]))
    if "prefixItems" in schema_part:
        return f"[{', '.join(_type(part) for part in schema_part['prefixItems'])}]"
    if schema_part.get("type") == "array":
        return f"list of {_type(schema_part.get('items', {}))}"
    if schema_part.get("format") == "date-time":
        return "time (RFC 3339)"
    return str(schema_part.get("type", "any"))


def _attributes(text: str) -> dict[str, str]:
    """Read what a docstring says of each attribute."""
    _, _, listed = cleandoc(text).partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", listed, re.MULTILINE)
    return {name: _in_json(meaning) for name, meaning in entries}


def _in_json(text: str) -> str:
    """Say in the words of JSON what was said in those of Python."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))


def _component(name: str, part: dict[str, Any]) -> str:
    text = str(part.get("description", ""))
    first = _in_json(cleandoc(text).split("\n\n")[0])
    head = f"## {name}\n\n{first}".rstrip()
    if "properties" not in part:
        return f"{head}\n\n{_type(part)}"
    needed = part.get("required", ())
    said = _attributes(text)
    rows = (
        (
            code(key) + ("" if key in needed else " (or absent)"),
            _type(of),
            said.get(key, ""),
        )
        for key, of in part["properties"].items()
    )
    return f"{head}\n\n{table(('key', 'value', 'meaning'), rows)}"


def json_page() -> str:
    """Describe each object of the JSON output, from its schema."""
    return _objects_page(
        "JSON",
        "mailprobe-1.schema.json",
        schema(),
        "`--format json` prints one object for each check; a stream of checks is one\n"
        "object on each line. Times are RFC 3339 in UTC, durations seconds; what is\n"
        "unknown is null. Keys are only ever added, so a reader must not mind keys\n"
        "that it does not know.",
    )


def answers_page() -> str:
    """Describe each object of the answers from a ledger, from their schema."""
    return _objects_page(
        "JSON of answers",
        "mailprobe-1-answers.schema.json",
        answers_schema(),
        "`--format json` of `status`, `history`, `incidents` and `report` prints one\n"
        "object, whose `answer` says which it is. As for [checks](json.md): times are\n"
        "RFC 3339 in UTC, lengths seconds, what is unknown is null, and keys are only\n"
        "ever added.",
    )


def _objects_page(title: str, file: str, made: dict[str, Any], intro: str) -> str:
    """Describe the objects of a schema: those that are written first, then parts."""
    whole = [str(part["$ref"]).removeprefix(REFS) for part in made["oneOf"]]
    parts = [name for name in made["$defs"] if name not in whole]
    return page(
        title,
        "mailprobe.render.schema",
        intro,
        f"The same as a file for programs: [{file}]({file}) (JSON Schema 2020-12). An "
        "object is one of: " + ", ".join(map(_type, made["oneOf"])) + ".",
        *(_component(name, made["$defs"][name]) for name in [*whole, *parts]),
    )


def answers_json_schema() -> str:
    """Give the schema of answers as a file."""
    return json.dumps(answers_schema(), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> str:
    """Give the schema itself."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


# --- the lab ----------------------------------------------------------------------


def outages() -> str:
    """List the outages of the lab: those by name, and those by date."""
    return page(
        "Outages for tests",
        "mailprobe.lab.outages and mailprobe.lab.replays",
        "What `mail_lab.outage(name)` and `mail_lab.replay(name, phase=...)` bring\n"
        "about in [a test](../how-to/testing.md).",
        "## By name",
        "Everywhere, or with `domain=` at one domain and those on its platform.",
        table(
            ("outage", "what is seen of it"),
            [(code(one.name), one.seen) for one in OUTAGES.values()],
        ),
        *(_replay(one) for one in REPLAYS.values()),
    )


def _replay(one: Replay) -> str:
    rows = [
        (
            code(phase.name),
            phase.window,
            phase.seen + ("" if phase.faults is not None else " Not replayed."),
        )
        for phase in one.phases.values()
    ]
    struck = "It strikes `libero.test` and `virgilio.test`; `domain=` says otherwise."
    rows_of = table(("phase", "local time", "what was seen"), rows)
    return f"## {code(one.name)}\n\n{one.title}. {struck}\n\n{rows_of}"


# --- the command line -------------------------------------------------------------


PLAIN_GROUPS: Final = ("positional arguments", "options")
"""What argparse calls arguments that belong to no group of their own."""


def _commands(root: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in root._actions:  # noqa: SLF001 - argparse has no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {a.dest: a.help or "" for a in action._choices_actions}  # noqa: SLF001
            for name, sub in action.choices.items():
                yield name, _command(sub, helps.get(name, ""))


def _command(sub: argparse.ArgumentParser, short: str) -> str:
    rows: list[Sequence[str]] = []
    shown = [action for action in sub._actions if _is_shown(action)]  # noqa: SLF001
    words = [sub.prog]
    if any(action.option_strings for action in shown):
        words.append("[options]")
    for group in sub._action_groups:  # noqa: SLF001
        own = [action for action in group._group_actions if _is_shown(action)]  # noqa: SLF001
        if own and group.title not in PLAIN_GROUPS:
            rows.append((f"**{group.title}**", group.description or ""))
        for action in own:
            value = _value(action)
            if not action.option_strings:
                words.append(f"[{value}]" if action.nargs in ("?", "*") else value)
            names = ", ".join(action.option_strings)
            rows.append((code(f"{names} {value}".strip()), _help(action)))
    parts = [sub.description or short, f"```text\n{' '.join(words)}\n```"]
    if rows:
        parts.append(table(("argument", "meaning"), rows))
    if sub.epilog:
        parts.append(sub.epilog)
    return "\n\n".join(parts)


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and action.dest != "help"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None and action.option_strings:
        return f"{{{','.join(map(str, action.choices))}}}"
    return action.dest.upper()


def _help(action: argparse.Action) -> str:
    values = {**vars(action), "prog": "mailprobe"}
    return (action.help or "") % values


def commands() -> str:
    """Describe every command, from its parser."""
    root = parser()
    return page(
        "Commands",
        "the parsers in mailprobe.cli",
        "Exit status of every checking command: 0 ok, 1 degraded, 2 down, 3 unknown.\n"
        "Errors of usage and configuration are 3 too.",
        *(f"## {name}\n\n{text}" for name, text in _commands(root)),
    )


# --- writing and comparing --------------------------------------------------------

PAGES: Final[dict[str, Callable[[], str]]] = {
    "concepts/fates.md": fates,
    "concepts/verdicts.md": verdicts,
    "reference/failures.md": failures,
    "reference/providers.md": providers,
    "reference/json.md": json_page,
    "reference/mailprobe-1.schema.json": json_schema,
    "reference/answers.md": answers_page,
    "reference/mailprobe-1-answers.schema.json": answers_json_schema,
    "reference/cli.md": commands,
    "reference/outages.md": outages,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or compare all pages; the exit status is 1 if a compared one is stale."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--check", action="store_true", help="compare, write nothing")
    only_check = words.parse_args(arguments).check
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not only_check:
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    if only_check and stale:
        print(f"stale: {', '.join(stale)}; run: nox -s pages", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
