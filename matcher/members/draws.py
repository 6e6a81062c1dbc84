"""Random draws that come out the same on every machine.

Only uniform doubles are taken from the generator, and every choice is a comparison with whole-number weights; no
logarithm or exponential is computed on the way, because their last bit differs between processors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Draws:
    """Vectorised draws of ``n`` values each from one generator."""

    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self._rng = rng
        self.n = n

    def uniform(self, *shape: int) -> npt.NDArray[np.float64]:
        """(n, *shape) doubles in [0, 1)."""
        return self._rng.random((self.n, *shape))

    def chance(self, share: float | npt.NDArray[np.float64]) -> Bools:
        """(n,) whether something that holds for ``share`` of the members holds."""
        return self.uniform() < share

    def pick(self, weights: Sequence[int] | Ints, *shape: int) -> Ints:
        """(n, *shape) positions in ``weights``, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        drawn: Ints = np.searchsorted(edges, np.floor(self.uniform(*shape) * edges[-1]), side="right")
        return drawn

    def pick_from_rows(self, weights: Ints, rows: Ints, width: int) -> Ints:
        """(n, width) positions, member i's drawn by the weights in row ``rows[i]``.

        Args:
            weights: (r, m) whole numbers, every row with a positive sum.
            rows: (n,) which row a member draws by.
            width: draws a member, with replacement.
        """
        edges = np.cumsum(weights, axis=1, dtype=np.int64)
        totals = edges[:, -1]
        # One ascending line for all rows: row r owns the stretch that starts where the rows before it end.
        starts = np.cumsum(totals) - totals
        line = (edges + starts[:, None]).ravel()
        drawn = np.floor(self.uniform(width) * totals[rows][:, None]).astype(np.int64) + starts[rows][:, None]
        codes: Ints = np.searchsorted(line, drawn, side="right") - (rows * weights.shape[1])[:, None]
        return codes

    def days(self, quantiles: Ints) -> Ints:
        """(n,) whole days, linear between evenly spaced ``quantiles``."""
        place = self.uniform() * (len(quantiles) - 1)
        below = place.astype(np.int64)
        gap = quantiles[below + 1] - quantiles[below]
        return quantiles[below] + np.floor((place - below) * gap).astype(np.int64)


def zipf_weights(count: int, steepness: int = 1) -> Ints:
    """(count,) whole-number weights that fall as ``1 / (rank + 2)**steepness``."""
    return 10**9 // np.arange(2, count + 2, dtype=np.int64) ** steepness


def distinct(rows: npt.NDArray[Any], counts: Ints, names: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Each row's first ``counts[i]`` different names in the order drawn; ``None`` where that is none at all."""
    return [
        tuple(names[code] for code in list(dict.fromkeys(row))[:count]) if count else None
        for row, count in zip(rows.tolist(), counts.tolist(), strict=True)
    ]
