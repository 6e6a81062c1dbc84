"""Files that appear together: made aside, put into their place at the end, and told apart by what they hold."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from matcher.errors import InvalidRequest, Problem
from matcher.passing_folder import passing_folder, sweep

MANIFEST = "manifest.json"
"""Written last and removed first: a folder that has it is whole."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An input that is no file.

    Attributes:
        source: how the manifest calls it.
        sha256: of what it held.
    """

    source: str
    sha256: str


def check_place(folder: Path, files: Sequence[str], inputs: Sequence[Path]) -> None:
    """Find out before any work whether the results can be written, and would overwrite nothing that was given; and
    delete what a run that was killed has left there.

    Args:
        folder: for the results.
        files: names of what would be written there.
        inputs: what the results are made from.

    Raises:
        InvalidRequest: if the folder is a file, or an input is one of the files to write.
        OSError: if nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidRequest(Problem("--out", f"{folder} is a file", "a folder, which need not exist yet"))
    taken = {(folder / name).resolve() for name in files}
    for given in inputs:
        if given.resolve() in taken:
            what = f"{given} would be overwritten by a file of the same name"
            raise InvalidRequest(Problem("--out", what, "another folder than that of the inputs"))
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    Path(tempfile.mkdtemp(dir=nearest, prefix=".trying-")).rmdir()
    sweep(nearest)
    if nearest == folder:
        sweep(folder.absolute().parent)


@contextmanager
def aside_of(folder: Path, files: Sequence[str]) -> Iterator[Path]:
    """A folder to fill, whose files are put into their place at the end; it vanishes if that does not come.

    A new folder appears in one step. In one that is there, the files of an earlier run stay until all new ones are
    ready; then its manifest goes first, and the new one comes last. All are for their owner's eyes alone.

    Args:
        folder: where the files belong.
        files: every name that a run may write, the manifest last; an earlier run's that are not written again go.
    """
    new = not folder.exists()
    parent = folder.absolute().parent if new else folder
    parent.mkdir(parents=True, exist_ok=True)
    with passing_folder(parent) as aside:
        yield aside
        for path in aside.iterdir():
            path.chmod(0o600)
        if new:
            aside.rename(folder)
            return
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in files:
            if (aside / name).exists():
                (aside / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)


def told(given: Path | Origin) -> dict[str, str]:
    """What a manifest says of an input: its name and a digest of what it holds."""
    if isinstance(given, Origin):
        return asdict(given)
    return {"source": given.name, "sha256": digest(given)}


def digest(path: Path) -> str:
    """SHA-256 of a file, or of the names and digests of a folder's files in the order of names."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    inside = sorted(one for one in path.rglob("*") if one.is_file())
    lines = "".join(f"{one.relative_to(path).as_posix()}\0{digest(one)}\n" for one in inside)
    return hashlib.sha256(lines.encode()).hexdigest()


def write_json(path: Path, what: Mapping[str, Any]) -> None:
    """Write a document for people and programs."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n")
