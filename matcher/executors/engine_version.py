"""What results depend on besides their inputs: two machines that agree in it give the same bytes."""

from __future__ import annotations

import functools
import hashlib
import platform
import sys
from pathlib import Path

from matcher.provenance import LIBRARIES, processor, version_of

CARRYING = ("msgspec", "pydantic")
"""Libraries that compute nothing, but carry what is computed with."""
_PACKAGE = Path(__file__).parents[1]


def engine_version() -> dict[str, str]:
    """Versions by name: the engine itself by its sources and data, Python, libraries that compute or carry data, the
    kind of processor with its vector instructions, and the C library."""
    return dict(_versions())


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = [("peer-matcher", _sources()), ("python", f"{sys.version_info[0]}.{sys.version_info[1]}")]
    found += [(name, version_of(name)) for name in (*LIBRARIES, *CARRYING)]
    return (*found, ("processor", processor()), ("C library", " ".join(platform.libc_ver()).strip()))


def _sources() -> str:
    """A digest of all files of the package that are not made by running it."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def difference(ours: dict[str, str], theirs: dict[str, str]) -> str | None:
    """The first version in which a worker differs, in words."""
    for name, here in ours.items():
        there = theirs.get(name, "absent")
        if there != here:
            return f"{name} is {there} there and {here} here"
    return None
