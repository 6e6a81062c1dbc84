"""Two-level vocabularies: tags that stand in groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_GAP = re.compile(r"[\s_]+")


def as_slug(text: str) -> str:
    """The spelling that slugs and tags are compared in: lower case, hyphens for spaces and underscores.

    Args:
        text: A slug or tag as a person may have typed it.

    Returns:
        ``" Sleeve_Gastrectomy"`` as ``"sleeve-gastrectomy"``.
    """
    return _GAP.sub("-", text.strip()).lower()


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Tags and the groups they stand in; the position of a tag is its code.

    Attributes:
        tags: Slugs of the tags.
        names: Their names for people, same order.
        groups: Slugs of the groups.
        group_names: Their names for people, same order.
        group_of: Group code of each tag, shape ``(len(tags),)``, int16, read-only.
    """

    tags: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    group_names: tuple[str, ...]
    group_of: npt.NDArray[np.int16]
    _codes: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_codes", {tag: code for code, tag in enumerate(self.tags)})

    def __len__(self) -> int:
        return len(self.tags)

    def code(self, tag: str) -> int | None:
        """The code of a tag in any spelling that :func:`as_slug` evens out, or None for a free tag."""
        code = self._codes.get(tag)
        # Nearly every tag arrives spelled as in the catalogue, so the spelling is evened out only after a miss.
        return self._codes.get(as_slug(tag)) if code is None else code
