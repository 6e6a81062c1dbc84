"""What the service counts of itself, for Prometheus: a registry of its own for every application.

Labels are routes as declared, classes of status and names of states: never an id, and nothing about anybody's health.
"""

from __future__ import annotations

import math
import threading

from prometheus_client import (
    GC_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""From what an answer costs that waits for nothing to what nobody waits for."""
METHODS = frozenset({"GET", "PUT", "POST", "DELETE"})
"""Any other is counted as ``other``: clients cannot make up labels."""
BACKGROUND = ("following", "matches", "erasures", "jobs")
"""What goes on without requests: following the log, and the sweeps."""
_PREFIX = "peer_matcher_"


class LookedUp:
    """Gauges that are set at a scrape, or a little before it.

    Attributes:
        seq: the newest change, by ``of``: in the database, and in the index.
        lag: changes that the index has yet to follow.
        members: by ``which``: all that are stored, and the matchable, who have consented and are active.
        jobs: by state.
        matches: by state, as far as both sides may know it: a no counts as open, and then as expired.
        exposure: by ``figure``: Gini coefficient, mean and most of what members had of being shown.
        database_up: whether the database answered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(_PREFIX + name, what, labels, registry=registry)

        self.seq = gauge("seq", "Newest change.", "of")
        self.lag = gauge("index_lag_changes", "Changes that the index has yet to follow.")
        self.members = gauge("members", "Members.", "which")
        self.jobs = gauge("jobs", "Jobs.", "state")
        self.matches = gauge("matches", "Matches, as both sides may know them.", "state")
        self.exposure = gauge("exposure", "How members were shown: 0 is evenly.", "figure")
        self.database_up = gauge("database_up", "Whether the database answered.")
        self._looking = threading.Lock()
        self._looked_at: float | None = None

    def due(self, now_s: float, every_s: float) -> bool:
        """Whether it is time to look again; only one who asks is told so."""
        with self._looking:
            if self._looked_at is not None and now_s - self._looked_at < every_s:
                return False
            self._looked_at = now_s
            return True

    def forget(self) -> None:
        """Before a look: what cannot be found is not shown as it was."""
        for labelled in (self.seq, self.members, self.jobs, self.matches, self.exposure):
            labelled.clear()
        self.lag.set(math.nan)


class Metrics:
    """Everything that is counted while it happens, and the state of the process.

    Attributes:
        registry: what a scrape shows.
        looked_up: what has to be looked up for a scrape.
        in_flight: requests that are being answered.
        waiting: requests that wait until they are let in.
        refused: requests that were turned away before any work was done, by ``reason``.
        uncertified: recommendations that had to leave a peer out at the last look.
        rechecks: searches made again because members had changed meanwhile.
        database_errors: requests that failed because the database did.
        background_failures: turns that failed of what goes on without requests, by ``of``.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.looked_up = LookedUp(self.registry)
        ProcessCollector(registry=self.registry)
        self.registry.register(GC_COLLECTOR)
        self.in_flight = Gauge(_PREFIX + "requests_in_flight", "Requests being answered.", registry=self.registry)
        self.waiting = Gauge(_PREFIX + "requests_waiting", "Requests waiting to be let in.", registry=self.registry)
        self.refused = Counter(
            _PREFIX + "requests_refused", "Requests turned away before any work.", ["reason"], registry=self.registry
        )
        self.uncertified = Counter(
            _PREFIX + "answers_uncertified", "Answers without a certificate.", registry=self.registry
        )
        self.rechecks = Counter(
            _PREFIX + "rule_check_retries", "Searches made again, as members had changed.", registry=self.registry
        )
        self.database_errors = Counter(
            _PREFIX + "database_errors", "Requests that failed with the database.", registry=self.registry
        )
        self.background_failures = Counter(
            _PREFIX + "background_failures", "Turns of background work that failed.", ["of"], registry=self.registry
        )
        for work in BACKGROUND:  # a first failure is to be seen as a rise
            self.background_failures.labels(work)
        self._requests = Histogram(
            _PREFIX + "request_seconds",
            "Time until an answer begins.",
            ["method", "route", "status"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request. ``route`` as declared; None for an address that is none."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, route or "none", f"{status // 100}xx").observe(seconds)

    def text(self) -> bytes:
        """What a scrape is answered."""
        return generate_latest(self.registry)
