"""Compiles tight numeric loops with numba, typed and cached on disk.

The first call of a compiled function compiles it (some seconds once per machine); later processes load the result. The
functions release the interpreter lock, so that readers in other threads go on meanwhile.

numba keeps a function for as long as its own file stays the same, whatever becomes of the functions it calls in other
files. So the cache lives in a folder named after all sources of the package: after any change everything is compiled
anew.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent
_PREFIX = "compiled-"


@functools.cache
def _cache_folder() -> str:
    """The folder for this state of the sources: beside them or, if that is not writable, in the user's cache."""
    digest = hashlib.sha256(_PACKAGE.as_posix().encode())
    for source in sorted(_PACKAGE.rglob("*.py")):
        digest.update(source.read_bytes())
    name = _PREFIX + digest.hexdigest()[:16]
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "peer-matcher"
    for parent in (_PACKAGE / "__pycache__", user_cache, Path(tempfile.gettempdir()) / f"peer-matcher-{os.getuid()}"):
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        if parent.name == "__pycache__":  # nobody else's: earlier states of these very sources
            for old in parent.glob(_PREFIX + "*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
        return str(folder)
    return ""


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call; strict IEEE arithmetic, so results are the same on every machine."""
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, _cache_folder()
    try:
        return cast(Function, numba.njit(cache=True, nogil=True, fastmath=False)(function))
    finally:
        config.CACHE_DIR = before
