from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from tenants.console import ConsoleCommand, Failed, Fault
from tickets.foreground import LEASE_PATIENCE_S, Patience
from tickets.replaying import REFUSALS, Replayed, replay_ids


class Command(ConsoleCommand):
    help = (
        "File mails of the ledger again: out of quarantine, or off a wrong ticket. A ticket that is left without any "
        "entry goes; the mail itself never does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="+", type=int, metavar="LEDGER_ID")

    def run(self, *args: Any, ids: list[int], **options: Any) -> None:
        outcomes = replay_ids(ids, patience=Patience(LEASE_PATIENCE_S))
        faults = [fault for place, outcome in enumerate(outcomes) for fault in _faults(place, outcome)]
        document = {
            "ok": not faults,
            "mails": [_as_json(outcome) for outcome in outcomes],
            "errors": [asdict(fault) for fault in faults],
        }
        self.answer(document, *(_sentence(outcome) for outcome in outcomes if not outcome.refusal))
        if faults:
            raise Failed("\n".join(map(str, faults)))


def _as_json(outcome: Replayed) -> dict[str, Any]:
    return {
        "id": outcome.pk,
        "state": outcome.state or None,
        "reason": outcome.reason,
        "ticket": outcome.ticket,
        "error": outcome.error,
    }


def _faults(place: int, outcome: Replayed) -> list[Fault]:
    if outcome.refusal:
        message = f"Mail {outcome.pk}: {REFUSALS[outcome.refusal]}"
        return [Fault(path=f"ids[{place}]", code=outcome.refusal, message=message)]
    if outcome.error is not None:
        message = f"Mail {outcome.pk}: {outcome.error['cause']} {outcome.error['fix']}"
        return [Fault(path=f"ids[{place}]", code=outcome.error["code"], message=message)]
    return []


def _sentence(outcome: Replayed) -> str:
    told = f"Mail {outcome.pk}: {outcome.state}"
    told += f" on {outcome.ticket}" if outcome.ticket else ""
    return f"{told} ({outcome.reason})" if outcome.reason else told
