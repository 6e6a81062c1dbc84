"""Arrays that grow at the end and never change before it, so that readers of an older length stay right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class GrowingArray:
    """An append-only array; doubling makes an appended item O(1) amortised.

    Args:
        items: what it holds at first; taken over, not copied.
    """

    def __init__(self, items: npt.NDArray[Any]) -> None:
        self._buffer = items
        self._size: int = items.shape[0]

    def __len__(self) -> int:
        return self._size

    def append(self, items: npt.NDArray[Any]) -> None:
        """Add ``items`` at the end."""
        size = self._size + items.shape[0]
        if size > self._buffer.shape[0]:
            larger = np.empty((max(size, 2 * self._buffer.shape[0]), *self._buffer.shape[1:]), dtype=self._buffer.dtype)
            larger[: self._size] = self._buffer[: self._size]
            self._buffer = larger
        self._buffer[self._size : size] = items
        self._size = size

    @property
    def items(self) -> npt.NDArray[Any]:
        """The items so far; the view stays valid and unchanged when more come."""
        return self._buffer[: self._size]
