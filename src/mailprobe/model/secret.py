"""A value that must not be seen: passwords and tokens."""

from __future__ import annotations

from typing import Any, Final, Never

MASK: Final = "********"


class Secret:
    """
    A password or token that cannot be printed by accident.

    `repr`, `str` and formatting give a mask of constant length; it is neither
    pickled nor serialised. `reveal` is called in ``wire/smtp.py`` and
    ``wire/imap.py`` only (a test searches the sources for it).
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself, to be put on a verified connection."""
        return self._value

    def masked(self, text: str) -> str:
        """Return *text* with this value masked, as it is and as a repr writes it."""
        for form in {self._value, repr(self._value)[1:-1]} - {""}:
            text = text.replace(form, MASK)
        return text

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> Never:
        message = "a Secret is not pickled: pass a reference to it instead"
        raise TypeError(message)
