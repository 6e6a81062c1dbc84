"""Compiles tight numeric loops with numba, typed and cached on disk.

The first call of a compiled function compiles it (some seconds once per machine); later processes load the result. The
functions release the interpreter lock, so that readers in other threads go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call; strict IEEE arithmetic, so results do not depend on the machine's
    mood."""
    return cast(Function, numba.njit(cache=True, nogil=True, fastmath=False)(function))
