"""What the service counts of itself, for Prometheus: a registry of its own for every application.

Labels are routes as declared, classes of status and names of states: never an id, and nothing about anybody's health.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""From what an answer costs that waits for nothing to what nobody waits for."""
METHODS = frozenset({"GET", "PUT", "POST", "DELETE"})
"""Any other is counted as ``other``: clients cannot make up labels."""
_PREFIX = "peer_matcher_"


class Metrics:
    """Everything that is counted while it happens. What has to be looked up comes from collectors at a scrape.

    Attributes:
        registry: what a scrape shows; further collectors may be registered with it.
        in_flight: requests that are being answered.
        waiting: requests that wait until they are let in.
        refused: requests that were turned away before any work was done, by ``reason``.
        uncertified: recommendations that had to leave a peer out at the last look.
        rechecks: searches made again because members had changed meanwhile.
        database_errors: requests that failed because the database did.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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

    def register(self, collector: Collector) -> None:
        """Let a scrape ask ``collector``, too."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """What a scrape is answered."""
        return generate_latest(self.registry)
