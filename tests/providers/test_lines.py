"""On which line a key stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mailprobe.providers.lines import KeyPath, key_lines

TEXT = '''\
# A comment with [brackets] and = signs.
top = 1
dotted.key."with . dot" = 'x # no comment'

[a]  # a table
long = """
not = "a key" \\""" ""
"""
raw = \'\'\'
[not.a.table]
\'\'\'
last = [
  1, # one
  { x = "}", y = [2, 3] },
]

[[list]]
name = "first"
[list.inner]
deep = 2026-11-22 10:00:00
[[list]]
name = "second"
[[list.more]]
z = ""
[a.b."c d"]
e.f = {}
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("dotted",), 3),
        (("dotted", "key", "with . dot"), 3),
        (("a",), 5),
        (("a", "long"), 6),
        (("a", "raw"), 9),
        (("a", "last"), 12),
        (("a", "last", 0), 13),
        (("a", "last", 1), 14),
        (("a", "last", 1, "y", 1), 14),
        (("list",), 17),
        (("list", 0), 17),
        (("list", 0, "name"), 18),
        (("list", 0, "inner", "deep"), 20),
        (("list", 1), 21),
        (("list", 1, "name"), 22),
        (("list", 1, "more", 0, "z"), 24),
        (("a", "b", "c d"), 25),
        (("a", "b", "c d", "e", "f"), 26),
    ],
)
def test_every_way_to_write_a_key(path: KeyPath, line: int) -> None:
    """Tables, arrays of tables, dotted and inline keys are all found."""
    assert key_lines(TEXT)[path] == line


def test_no_other_keys_are_found() -> None:
    """What looks like a key in a string or a comment is none."""
    assert set(key_lines(TEXT)) == set(paths(tomllib.loads(TEXT)))


def test_a_text_that_is_not_toml_gives_the_keys_before_the_trouble() -> None:
    """Trouble ends the search quietly."""
    assert key_lines("a = 1\nb ! 2\nc = 3") == {("a",): 1, ("b",): 2}


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Give the path of every key and array item of a document."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


KEYS = st.sampled_from(["a", "b-1", "'c.d'", '"e\\u0041 ="', "a . b", '"\\""'])
ATOMS = st.sampled_from(
    [
        "1",
        "nan",
        "2026-11-22 10:00:00",
        "true",
        '"x, ] } # \\" \\\\"',
        "'\\ # ['",
        '"""a\n""b\\"""c = 1\\\n"""""',
        "'''\nz = ''1\n'''''",
        '""',
        "''",
        '""""""',
    ]
)
GAPS = st.sampled_from(["", " ", "\t", "\n", " # x = ]\n"])


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give arrays and inline tables of *inner* values."""
    arrays = st.lists(st.tuples(GAPS, inner, GAPS).map("".join), max_size=3).map(
        lambda items: "[" + ",".join(items) + "\n]"
    )
    pairs = st.lists(st.tuples(KEYS, inner).map(" = ".join), max_size=3)
    return arrays | pairs.map(lambda items: "{ " + ", ".join(items) + " }")


VALUES = st.recursive(ATOMS, nested, max_leaves=6)
PARTS = st.one_of(
    KEYS.map("[{}]".format),
    KEYS.map("[[ {} ]] # note".format),
    st.tuples(KEYS, VALUES).map(" = ".join),
    GAPS,
)
DOCUMENTS = st.lists(PARTS, max_size=8).map("\n".join)


@settings(deadline=None)
@given(DOCUMENTS)
@example("[[a]]\n[[a.b]]\nb-1 = [{a = 1}, {a = 2}]\n[[a.b]]\n[[a]]\n[a.b]\n")
def test_the_keys_found_are_those_that_tomllib_reads(text: str) -> None:
    """For any TOML, both agree on the keys, and the line holds the key's last part."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)  # noqa: FBT003 - not TOML, nothing to compare
        return
    found = key_lines(text)
    assert set(found) == set(paths(data))
    lines = text.split("\n")
    for path, line in found.items():
        if path[-1] in {"a", "b-1"}:
            assert str(path[-1]) in lines[line - 1]
