"""What groups are asked for, with those in force as the groups that exist."""

from __future__ import annotations

from collections.abc import Iterable

from matcher.grouping.plan import STAFF
from matcher.grouping.spec import GroupSpec
from matcher.rematch.config import RematchConfig
from matcher.rematch.history import History


def group_spec(history: History, config: RematchConfig, members: Iterable[str]) -> GroupSpec:
    """The spec that groups are formed by: the config's, with the groups in force as far as their members are known.

    Cost: O(members of groups).
    """
    assert config.groups is not None
    wish, known = config.groups, frozenset(members)
    if not wish.incumbents:
        return wish.spec
    names = {group.name for group in wish.spec.groups}
    added = tuple(
        group.model_copy(
            update={
                "members": tuple(name for name in group.members if name in known),
                "locked_members": tuple(name for name in group.locked_members if name in known),
                "facilitators": tuple(name for name in group.facilitators if name.startswith(STAFF) or name in known),
                "locked": group.locked and all(name in known for name in group.members),
            }
        )
        for group in history.groups
        if group.name not in names
    )
    churn = config.churn.groups if config.churn.groups is not None else wish.spec.churn
    return GroupSpec.model_validate({**dict(wish.spec), "groups": wish.spec.groups + added, "churn": churn})
