"""Whether a plan of groups that was looked through a moment ago still holds: only who has changed since is read."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection

from matcher.errors import MatcherError
from matcher.grouping.plan import GroupPlan
from matcher.grouping.renewal import Broken, broken_near
from service.storage import changes, pseudonyms
from service.storage.changes import News
from service.use_cases.group_plan_store import StoredPlan, named_by
from service.use_cases.group_profiles import felt_unsafe, those_for_groups
from service.use_cases.stored_profiles import StoredProfiles


class MovedOnError(MatcherError):
    """The plan has to be looked through anew."""


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """A plan in which every rule was kept and every number right, and what it was looked through with.

    Attributes:
        stored: the plan as it was stored.
        plan: with the numbers of that moment.
        now: everybody at that moment.
        names: whom plan or spec name. What others do bears on no rule of the plan.
    """

    stored: StoredPlan
    plan: GroupPlan
    now: StoredProfiles
    names: frozenset[str]

    @classmethod
    def of(cls, stored: StoredPlan, plan: GroupPlan, now: StoredProfiles) -> Self:
        """What was looked through; finds the names, which takes a while where there are many."""
        return cls(stored, plan, now, frozenset(named_by(plan, stored.spec)))

    def broken_since(self, connection: Connection, today: datetime.date, *, at_last: bool) -> tuple[Broken, ...]:
        """The rules that are broken because somebody whom the plan names has changed.

        Args:
            connection: a writing transaction: nobody changes until it ends.
            today: the day.
            at_last: ask the rules of those groups again in which somebody has changed; their numbers stay those of the
                moment before. Otherwise any such change is reason to look through the whole plan again.

        Raises:
            MovedOnError: if it is to be looked through again: where somebody was erased, or the day is another, always.
        """
        news = changes.news_since(connection, self.now.seq)
        apart = felt_unsafe(connection, self.names.intersection(news.matched_ids))
        changed = self.names.intersection({*news.member_ids, *itertools.chain.from_iterable(apart)})
        if self.plan.as_of != today or self._names_erased(connection, news) or (changed and not at_last):
            raise MovedOnError
        if not changed:
            return ()
        others = (member for member in self.now.members if member.member_id not in changed)
        members = (*others, *those_for_groups(connection, changed).members)
        return broken_near(changed, members, self.stored.spec, self.plan, today, self.stored.means)

    def _names_erased(self, connection: Connection, news: News) -> bool:
        """In the log somebody who was erased stands by a pseudonym."""
        known = pseudonyms.known(connection) if news.erased else None
        return known is not None and any(known.of(name) in news.erased for name in self.names)
