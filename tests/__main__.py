"""Run the whole suite: once on SQLite, and what uses the database once more on PostgreSQL when it is here."""

import os
import subprocess
import sys

from tests import servers


def main() -> int:
    print(servers.summary(), flush=True)
    runs = [("SQLite", {}, ["-m", ""])]
    if not servers.missing("postgres") or servers.IS_REQUIRED:
        environment = {"TEST_DATABASE_URL": servers.POSTGRES_URL}
        runs.append(("PostgreSQL", environment, ["-m", "database and not browser"]))
    return max(run(*each) for each in runs)


def run(database: str, environment: dict[str, str], selection: list[str]) -> int:
    """Run pytest with two workers on one database, the idle one taking from the other; give its exit code."""
    print(f"\n=== Tests on {database}", flush=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        *selection,
        *sys.argv[1:],
    ]
    return subprocess.call(command, env={**os.environ, **environment})


if __name__ == "__main__":
    sys.exit(main())
