"""What an operator can set, in one place; nothing else in the service reads the environment or a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from service.database_url import DatabaseTarget

DEFAULT_DATABASE = Path("peer-matcher.db")
"""In the folder where the command runs, so that nobody's health data lands in a place they did not choose."""
DEFAULT_INDEX_FOLDER = Path("peer-matcher.index")
"""For a database that has no folder of its own."""
DEFAULT_JOBS_FOLDER = Path("peer-matcher.jobs")
"""The same for the files of jobs."""
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8077
DEFAULT_PROPOSAL_DAYS = 14
DEFAULT_OPEN_PROPOSALS = 5
DEFAULT_KEEP_JOBS_DAYS = 30
DEFAULT_JOBS_PER_KEY = 20
"""Each may take a worker an hour, and the oldest goes first."""
FIT_CHECK_DAYS = 7
"""After an acceptance."""
DEFAULT_REQUESTS_A_MINUTE = 12_000
"""Far above what a platform's users cause, far below what would keep the others' keys waiting."""
DEFAULT_REQUEST_TIMEOUT_S = 30.0
DEFAULT_BODY_TIMEOUT_S = 20.0
DEFAULT_QUEUE_TARGET_MS = 20
DEFAULT_SEARCH_SHARE = 0.5
DEFAULT_EXPOSURE_WEIGHT = 0.0
"""Scores alone."""
DEFAULT_EXPOSURE_HALF_LIFE_DAYS = 7.0
MIB = 1024 * 1024


def moment_text(moment: datetime) -> str:
    """A moment as the tables keep it."""
    return moment.isoformat(timespec="microseconds")


def moved(moment: str, days: int) -> str:
    """The moment so many days later, or earlier for a negative number."""
    return moment_text(datetime.fromisoformat(moment) + timedelta(days))


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings.

    Attributes:
        database: The SQLite file, made on first use; or the URL of a PostgreSQL database.
        as_of: The day on which every answer is given, for demos and tests; None: the running day in UTC.
        max_body_bytes: The longest request body, imports aside; also the longest line of an import.
        max_import_bytes: The longest import in one request.
        import_chunk_lines: An import is stored in transactions of this many lines.
        index_folder: Where the index is saved; None: beside the file, or for a URL in the working directory.
        snapshot_after_changes: The index is saved once this many changes have followed the last snapshot.
        requests_a_minute: What a key may ask that has no limit of its own; 0: as much as it likes.
        proposal_days: A proposal that is not accepted by both within so many days expires.
        repeat_after_days: So many days after it would have expired, a pair whose proposal came to nothing may be
            proposed again; None: never. Silence and a no last equally long, or the difference would tell of the no.
        open_proposals: So many proposals of their own may a member see open at once.
        jobs_folder: Where jobs put their files; None: beside the file, or for a URL in the working directory. Every
            process of one database needs the same one.
        keep_jobs_days: So many days after its end a job goes with its files, and after its last change a group plan
            that nobody has published.
        jobs_per_key: A key may wait for so many group plans and rematches at once.
        job_lease_s: Seconds after which a worker that has not been heard of is taken for gone.
        keep_answers_hours: So long a request that comes again with its ``Idempotency-Key`` gets its first answer.
        cursor_hours: So long the cursor of a page leads to the next one.
        exposure_weight: How far a score may be lowered, at most, for a peer who was shown often, 0 to 1; 0: not at all.
        exposure_half_life_days: After so many days having been shown counts half.
        exposure_every_s: Counts are written, and those of other processes read, every so many seconds.
        write_every_s: While many members are put at once, a transaction of theirs begins every so many seconds.
        follow_every_s: Without requests, too, the index follows the database every so many seconds.
        most_lag: With more changes than this to follow, the service says that it is not ready.
        min_seq_wait_s: So long a request with ``min_seq`` waits until the index has followed.
        metrics_every_s: What a scrape has to look up is looked up again after so many seconds.
        request_timeout_s: An answer that has not begun after so many seconds is 503; imports and the like take longer.
        body_timeout_s: So long the service waits for a body that does not come at a fair pace.
        queue_target_s: So long a request waits to be let in while more are asked than can be answered; then it is 503.
        queue_burst_s: So long it may wait in a burst; who has waited longer shows that more is asked than that.
        search_share: So much of the time searches take at most where the machine is at its best; the rest is a reserve
            for everything else and for moments in which it is slower. 1: none.
        clock: The running moment, in UTC.
        stopwatch: Seconds that only ever rise, for measuring how long ago something was.
    """

    database: DatabaseTarget = DEFAULT_DATABASE
    as_of: date | None = None
    max_body_bytes: int = 1 * MIB
    max_import_bytes: int = 512 * MIB
    import_chunk_lines: int = 500
    index_folder: Path | None = None
    snapshot_after_changes: int = 20_000
    requests_a_minute: int = DEFAULT_REQUESTS_A_MINUTE
    proposal_days: int = DEFAULT_PROPOSAL_DAYS
    repeat_after_days: int | None = None
    open_proposals: int = DEFAULT_OPEN_PROPOSALS
    jobs_folder: Path | None = None
    keep_jobs_days: int = DEFAULT_KEEP_JOBS_DAYS
    jobs_per_key: int = DEFAULT_JOBS_PER_KEY
    job_lease_s: float = 30.0
    keep_answers_hours: float = 24.0
    cursor_hours: float = 24.0
    request_timeout_s: float = DEFAULT_REQUEST_TIMEOUT_S
    body_timeout_s: float = DEFAULT_BODY_TIMEOUT_S
    queue_target_s: float = DEFAULT_QUEUE_TARGET_MS / 1000
    queue_burst_s: float = 0.5
    search_share: float = DEFAULT_SEARCH_SHARE
    exposure_weight: float = DEFAULT_EXPOSURE_WEIGHT
    exposure_half_life_days: float = DEFAULT_EXPOSURE_HALF_LIFE_DAYS
    exposure_every_s: float = 5.0
    write_every_s: float = 0.03
    follow_every_s: float = 1.0
    most_lag: int = 10_000
    min_seq_wait_s: float = 2.0
    metrics_every_s: float = 5.0
    clock: Callable[[], datetime] = _utc_now
    stopwatch: Callable[[], float] = time.monotonic

    @property
    def snapshots(self) -> Path:
        """The folder of index snapshots. It may be deleted at any time."""
        if self.index_folder is not None:
            return self.index_folder
        if isinstance(self.database, Path):
            return self.database.with_name(self.database.name + ".index")
        return DEFAULT_INDEX_FOLDER

    @property
    def jobs(self) -> Path:
        """The folder of the files of jobs."""
        if self.jobs_folder is not None:
            return self.jobs_folder
        if isinstance(self.database, Path):
            return self.database.with_name(self.database.name + ".jobs")
        return DEFAULT_JOBS_FOLDER

    def now(self) -> str:
        """The running moment as the tables keep it: ISO 8601, UTC, microseconds; so moments compare as texts."""
        return moment_text(self.clock())

    def today(self) -> date:
        """The day for which answers are given."""
        return self.as_of or self.clock().date()
