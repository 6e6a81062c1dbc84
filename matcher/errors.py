"""Every error this package raises on purpose, as one family.

An error carries its facts as attributes, so that a caller can act on them without reading the message; the message says
what was wrong, where, and what is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of an input.

    Attributes:
        where: The field, as a path: ``procedures[0].date``.
        what: What is wrong with it.
        accepted: What would have been accepted.
    """

    where: str
    what: str
    accepted: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} (accepted: {self.accepted})"


class MatcherError(Exception):
    """Root of all errors that the package raises on purpose."""


class InvalidMember(MatcherError):
    """A member profile breaks one or more field rules; all of them are listed."""

    def __init__(self, problems: Iterable[Problem], member_id: str | None = None) -> None:
        self.problems = tuple(problems)
        self.member_id = member_id
        super().__init__("; ".join(map(str, self.problems)))


class ReadingError(MatcherError):
    """A file cannot be read at all, or not beyond a certain place."""

    def __init__(self, source: str, what: str, accepted: str) -> None:
        self.source = source
        self.what = what
        self.accepted = accepted
        super().__init__(f"{source}: {what} (accepted: {accepted})")


class CatalogError(MatcherError):
    """The catalogue's own data files contradict each other."""


class UnknownProcedure(MatcherError):
    """A procedure that is neither a catalogue slug nor an ICD-10-PCS code."""

    def __init__(self, procedure: str, suggestions: Iterable[str] = ()) -> None:
        self.procedure = procedure
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {', '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(
            f"no procedure {procedure!r} (accepted: a catalogue slug or an ICD-10-PCS code of 7 characters{hint})"
        )


class UnknownMember(MatcherError):
    """A member id that the index does not hold."""

    def __init__(self, member_id: str) -> None:
        self.member_id = member_id
        super().__init__(f"no member {member_id!r} (accepted: the id of a stored member)")


class InvalidRequest(MatcherError):
    """A request parameter is out of its range."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class ChangedMeanwhile(MatcherError):
    """Members changed faster than a search ran, several times over. Asking again helps."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        super().__init__(f"members changed during each of {rounds} searches; ask again")


class SnapshotError(MatcherError):
    """A snapshot file is cut short, altered, or made by another version or encoder."""

    def __init__(self, source: str, what: str, found: str, expected: str) -> None:
        self.source = source
        self.what = what
        self.found = found
        self.expected = expected
        super().__init__(f"{source}: {what}: found {found}, expected {expected}")


class VerificationError(MatcherError):
    """A result breaks a promise when it is checked again from its inputs alone."""


class InvalidProblem(MatcherError):
    """The input of a solver contradicts itself or leaves its range; everything wrong with it is listed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class TooLittleEvidence(MatcherError):
    """Data do not bear out an estimate, so none is given."""

    def __init__(self, what: str, accepted: str) -> None:
        self.what = what
        self.accepted = accepted
        super().__init__(f"{what} (accepted: {accepted})")


class ClusterError(MatcherError):
    """A cluster cannot be worked on: it does not answer, or its workers are not what they have to be."""

    def __init__(self, address: str, what: str, accepted: str) -> None:
        self.address = address
        self.what = what
        self.accepted = accepted
        super().__init__(f"cluster {address}: {what} (accepted: {accepted})")


class WorkersLost(MatcherError):
    """Workers died again and again under the same work; most often memory ran out."""

    def __init__(self, times: int) -> None:
        self.times = times
        super().__init__(f"workers died {times} times under the same work (accepted: workers with enough memory)")
