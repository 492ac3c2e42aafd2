"""Everything `make check` looks at; each line is one tool, and the first words of a failure are its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests import production

BIN = Path(sys.executable).parent
MANAGE = (sys.executable, "manage.py")
AUDIT = (
    str(BIN / "pip-audit"),
    "--requirement",
    "requirements/base.txt",
    "--require-hashes",
    "--disable-pip",
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        embedded = {**os.environ, "ENV_FILE": os.devnull, "VAR_DIR": folder}
        checks: list[tuple[str, tuple[str, ...], Mapping[str, str]]] = [
            ("lint", (str(BIN / "ruff"), "check", "."), os.environ),
            ("format", (str(BIN / "ruff"), "format", "--check", "."), os.environ),
            ("types", (str(BIN / "mypy"),), embedded),
            ("german", (sys.executable, "-m", "tests.catalogue"), embedded),
            ("imports", (str(BIN / "lint-imports"), "--no-cache"), embedded),
            ("migrations", (*MANAGE, "makemigrations", "--check", "--dry-run"), embedded),
            (
                "deployment",
                (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
                production.environment(Path(folder)),
            ),
        ]
        failed = [name for name, command, env in checks if not passes(name, command, env)]
    return 1 if failed or not audit() else 0


def passes(name: str, command: tuple[str, ...], env: Mapping[str, str]) -> bool:
    """Run one tool and print what it said only when it is not content."""
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    last = result.stdout.strip().rpartition("\n")[2] if name == "german" else ""
    print(f"{name:<12}{'ok' if result.returncode == 0 else 'FAILED'}{f' ({last})' * bool(last)}", flush=True)
    if result.returncode:
        print(result.stdout + result.stderr, flush=True)
    return result.returncode == 0


def audit() -> bool:
    """Ask for known vulnerabilities; where the index does not answer nobody can tell, and that is said."""
    result = subprocess.run(AUDIT, capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        dependencies = []
    asked = [each for each in dependencies if "skip_reason" not in each]
    found = [f"{each['name']} {each['version']}: {bug['id']}" for each in asked for bug in each["vulns"]]
    told = (
        f"{len(asked)} of {len(dependencies)} packages" if asked else "not asked, the index is not reachable"
    )
    print(f"advisories  {'FAILED' if found else 'ok' if asked else 'skipped'} ({told})", flush=True)
    print("\n".join(found), end="\n" * bool(found), flush=True)
    return not found


if __name__ == "__main__":
    sys.exit(main())
