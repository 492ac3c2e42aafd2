import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from m365integration.provisioning import Outcome, provision, read_file, read_stream
from tenants.console import ConsoleCommand


class Command(ConsoleCommand):
    help = (
        "Create or update tenants, registrations, queues, mailboxes and staff from a JSON document. "
        "Run it as often as you like; what the document does not name stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the document; - reads standard input")
        parser.add_argument("--dry-run", action="store_true", help="check and count, and change nothing")

    def run(self, *, file: str, dry_run: bool, **options: Any) -> None:
        is_piped = file == "-"
        source = read_stream(sys.stdin.buffer, folder=Path.cwd()) if is_piped else read_file(Path(file))
        outcome = provision(source, is_dry_run=dry_run)
        self.answer(_as_json(outcome), *_sentences(outcome))


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "ok": True,
        "dry_run": outcome.is_dry_run,
        "rows": {kind: asdict(counts) for kind, counts in outcome.counts.items()},
        "warnings": [asdict(warning) for warning in outcome.warnings],
    }


def _sentences(outcome: Outcome) -> list[str]:
    told = [f"Warning: {warning}" for warning in outcome.warnings]
    for kind, counts in outcome.counts.items():
        told.append(
            f"{kind}: {counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged"
        )
    return [*told, "Nothing was changed: this was a dry run."] if outcome.is_dry_run else told
