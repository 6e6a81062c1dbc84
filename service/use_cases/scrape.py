"""What Prometheus is told."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from service.community import Community
from service.exposure import gini
from service.storage import jobs, matches, members
from service.storage.changes import newest_seq


def scrape(community: Community) -> bytes:
    """Everything counted, in Prometheus' text form. What has to be looked up is some seconds old at most.

    A database that is away leaves its figures out and ``database_up`` at 0.
    """
    metrics, settings = community.metrics, community.settings
    if metrics.looked_up.due(settings.stopwatch(), settings.metrics_every_s):
        _look_up(community)
    return metrics.text()


def _look_up(community: Community) -> None:
    gauges, index = community.metrics.looked_up, community.index
    gauges.forget()
    try:
        with community.database.reading() as connection:
            newest = newest_seq(connection)
            counted = members.count(connection)
            by_state = jobs.count_by_state(connection)
            outcomes = matches.count_as_known(connection, community.settings.now())
    except SQLAlchemyError:
        community.metrics.database_errors.inc()
        gauges.database_up.set(0)
    else:
        gauges.database_up.set(1)
        gauges.seq.labels("database").set(newest)
        gauges.members.labels("all").set(counted)
        for state in jobs.STATES:
            gauges.jobs.labels(state).set(by_state.get(state, 0))
        for outcome, number in outcomes.items():
            gauges.matches.labels(outcome).set(number)
        if index.ready:
            gauges.lag.set(max(0, newest - index.view().seq))
    if index.ready:
        view, shown = index.view(), community.exposure.now
        values = shown.values()
        gauges.seq.labels("index").set(view.seq)
        gauges.members.labels("matchable").set(view.index.matchable_count())
        gauges.exposure.labels("gini").set(gini(values, len(view.index)))
        gauges.exposure.labels("mean").set(shown.mean)
        gauges.exposure.labels("most").set(values[-1] if values.size else 0.0)
