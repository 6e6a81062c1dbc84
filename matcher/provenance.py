"""What results depend on besides their inputs: the program, its libraries, and how the processor computes."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

LIBRARIES = ("numpy", "numba", "scipy", "faiss-cpu", "pyarrow")
"""Those that compute or sort."""


def versions() -> tuple[tuple[str, str], ...]:
    """Names and versions of all of it, as plans tell them."""
    found = [("python", platform.python_version())]
    found += [(name, version_of(name)) for name in ("peer-matcher", *LIBRARIES)]
    return (*found, ("processor", processor()))


@functools.cache  # what is loaded stays what it is, and each costs some milliseconds
def version_of(package: str) -> str:
    """The version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:  # run from sources
        return "unknown"


def processor() -> str:
    """The kind of processor: its architecture, and the vector instructions that libraries choose their code by.

    Sums come in another order with wider vectors, and so may be rounded otherwise.
    """
    extensions = np.show_config("dicts")["SIMD Extensions"]
    return " ".join([platform.machine(), *extensions.get("baseline", ()), *extensions.get("found", ())])
