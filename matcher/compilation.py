"""Compiles tight numeric loops with numba, typed and cached on disk.

The first call of a compiled function compiles it (some seconds once per machine); later processes load the result.
Functions release the interpreter lock, so that readers in other threads go on meanwhile; but those that take
microseconds keep it: in a process whose other threads are at work, whoever gives the lock back gets it again after a
whole turn of theirs, and a search that does so thirty times waits for thirty turns.

numba keeps a function for as long as its own file stays the same, whatever becomes of the functions it calls in other
files. So every module's functions are cached in a folder named after its source and all that it imports of the package,
directly or not: after a change there, and only then, they are compiled anew.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_NUMBERS = ("None", "bool", "int", "float", "np.uint64")
_PACKAGE = Path(__file__).parent
_PREFIX = "compiled-"
_IMPORTED = re.compile(r"^from matcher\.([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


@functools.cache
def _source(file: Path) -> tuple[bytes, tuple[Path, ...]]:
    """A file's bytes, and the files of the package that it imports."""
    source = file.read_bytes()
    imported = []
    for place, names in _IMPORTED.findall(source.decode()):
        module = _PACKAGE.joinpath(*place.split("."))
        found = [module.with_suffix(".py"), module / "__init__.py"]
        found += [module / f"{name}.py" for name in re.findall(r"\w+", names)]  # a package's modules
        imported += [path for path in found if path.is_file()]
    return source, tuple(imported)


def _sources(file: Path) -> list[Path]:
    """``file`` and everything of the package that it imports, directly or not, sorted."""
    seen = {file}
    waiting = [file]
    while waiting:
        for path in _source(waiting.pop())[1]:
            if path not in seen:
                seen.add(path)
                waiting.append(path)
    return sorted(seen)


@functools.cache
def _cache_folder(file: Path) -> str:
    """The folder for functions of ``file`` in its present state: beside the sources or, if that is not writable, in the
    user's cache."""
    digest = hashlib.sha256(_PACKAGE.as_posix().encode())
    for source in _sources(file):
        digest.update(source.as_posix().encode() + b"\0" + _source(source)[0])
    module = f"{_PREFIX}{hashlib.sha256(file.as_posix().encode()).hexdigest()[:12]}-"
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "peer-matcher"
    for parent in (_PACKAGE / "__pycache__", user_cache, Path(tempfile.gettempdir()) / f"peer-matcher-{os.getuid()}"):
        folder = parent / (module + digest.hexdigest()[:16])
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        if parent.name == "__pycache__":  # nobody else's: earlier states of this very module
            for old in parent.glob(module + "*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
        return str(folder)
    return ""


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call; strict IEEE arithmetic, so results are the same on every machine."""
    return _compiled(function, nogil=True, counted=True)


def compiled_short(function: Function) -> Function:
    """As :func:`compiled`, for what takes microseconds: other Python threads wait until it is done."""
    return _compiled(function, nogil=False, counted=True)


def compiled_in_place(function: Function) -> Function:
    """As :func:`compiled`, for what only reads and writes arrays that it is given, and calls only the like.

    numba counts who holds an array, with an atomic addition for every look at one out of a named tuple: a third of the
    time of a search for groups, and more where two threads look at the same arrays. Whoever calls from Python holds
    all of them until the call has ended, so here nothing is counted. Making an array does not compile then.

    Raises:
        TypeError: for a function that is not declared to return a number or nothing.
    """
    if (returned := function.__annotations__.get("return")) not in _NUMBERS:
        raise TypeError(f"{function.__qualname__} returns {returned}: an array that nobody counts cannot be handed out")
    return _compiled(function, nogil=True, counted=False)


def _compiled(function: Function, *, nogil: bool, counted: bool) -> Function:
    config: Any = numba.config
    options: Any = {"cache": True, "nogil": nogil, "fastmath": False, "_nrt": counted}
    before, config.CACHE_DIR = config.CACHE_DIR, _cache_folder(Path(function.__code__.co_filename))
    try:
        return cast(Function, numba.njit(**options)(function))
    finally:
        config.CACHE_DIR = before
