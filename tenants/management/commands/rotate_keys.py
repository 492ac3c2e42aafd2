from dataclasses import asdict
from typing import Any

from tenants import audit
from tenants.console import ConsoleCommand, Failed, Progress
from tenants.key_rotation import ColumnReport, count_rows, rotate_keys


class Command(ConsoleCommand):
    help = (
        "Re-encrypt every stored secret with the first of FERNET_KEYS. Put the new key first and keep the old ones, "
        "restart web and workers, run this, then drop the old keys. It may be stopped and started again at any point."
    )

    def run(self, *args: Any, **options: Any) -> None:
        with Progress("Re-encrypting", total=count_rows()) as progress:
            reports = rotate_keys(advance=progress.advance)
        audit.note(audit.Action.KEYS_ROTATED, None, by="manage.py rotate_keys")
        is_done = all(report.is_done for report in reports)
        columns = [asdict(report) for report in reports]
        self.answer({"ok": is_done, "columns": columns}, *(_sentence(report) for report in reports))
        if not is_done:
            raise Failed(_WHAT_NOW)


_WHAT_NOW = (
    "Not everything is encrypted with the first key, so keep the others. For unreadable rows add the key they were "
    "written with to FERNET_KEYS, or enter the secret again in the admin; then run this once more."
)


def _sentence(report: ColumnReport) -> str:
    told = (
        f"{report.model}.{report.column}: {report.rotated} re-encrypted, {report.current} had the key already"
    )
    if report.passing:
        told += f"; {report.passing} that no key opens are replaced by themselves"
    for what in ("unreadable", "contested"):
        if rows := getattr(report, what):
            told += f"; {what}: {len(rows)} (ids {', '.join(map(str, rows[:20]))}{' …' if len(rows) > 20 else ''})"
    return told
