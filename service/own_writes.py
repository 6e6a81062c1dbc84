"""Which stretches of the change log are this process's own, and are answered only once the index has followed them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The lines of one transaction: those after ``before``. ``mark`` is the fingerprint of the last one."""

    before: int
    mark: str
    committed: bool


class OwnWrites:
    """Tells an answer that is a few changes behind the log from one that is out of date.

    Between the commit of a change and its arrival in the index the log is ahead of every answer. Where nobody has been
    told of that change yet, such an answer is as good as one that was given a moment before: its peers are looked up in
    the rows in any case. Thread-safe: each step is one operation on a dict.
    """

    def __init__(self) -> None:
        self._by_end: dict[int, _Stretch] = {}

    def begin(self, before: int, end: int, mark: str) -> None:
        """Say, before it is committed, that the lines after ``before`` up to ``end`` will be ours."""
        self._by_end[end] = _Stretch(before, mark, committed=False)
        while len(self._by_end) > _REMEMBERED:
            self._by_end.pop(min(self._by_end), None)

    def committed(self, end: int) -> None:
        """The lines up to ``end`` are in the log: nobody else can ever have these numbers."""
        stretch = self._by_end.get(end)
        if stretch is not None:
            self._by_end[end] = _Stretch(stretch.before, stretch.mark, committed=True)

    def given_up(self, end: int) -> None:
        """They are not, and others will have their numbers."""
        self._by_end.pop(end, None)

    def are_all(self, after: int, end: int, mark_of: Callable[[int], str]) -> bool:
        """Whether all lines after ``after`` up to ``end``, which is in the log, are ours.

        Args:
            after: how far an index has followed.
            end: the newest line that was seen.
            mark_of: the fingerprint of a line. Asked where a commit was seen before we know that it is ours: had it
                failed, another process might have used the same numbers.
        """
        while end > after:
            stretch = self._by_end.get(end)
            if stretch is None or not (stretch.committed or mark_of(end) == stretch.mark):
                return False
            end = stretch.before
        return end == after
