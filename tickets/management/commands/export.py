from argparse import ArgumentParser
from contextlib import closing
from typing import Any, Final

from tenants import audit
from tenants.console import ConsoleCommand, Fault, Progress, Refused, add_addresses
from tenants.models import Tenant
from tickets.exports import approval_lines, ledger_lines, outbox_lines, ticket_lines

BY_TENANT: Final = {"tickets": ticket_lines, "approvals": approval_lines}
BY_ADDRESS: Final = {"ledger": ledger_lines, "outbox": outbox_lines}


class Command(ConsoleCommand):
    help = (
        "Print all tickets with their conversations, the ledger of all mail that came, the outbox of all that goes "
        "out, or all approvals with what was answered, as JSON lines, oldest first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=[*BY_TENANT, *BY_ADDRESS])
        add_addresses(parser)
        parser.add_argument("--tenant", metavar="NAME", help="tickets or approvals of this tenant only")

    def run(
        self, *args: Any, what: str, addresses: list[str], tenant: str | None = None, **options: Any
    ) -> None:
        if (what in BY_TENANT and addresses) or (what in BY_ADDRESS and tenant is not None):
            message = (
                "Tickets and approvals are narrowed by --tenant, the ledger and the outbox by addresses."
            )
            raise Refused([Fault(path=what, code="argument_unused", message=message)])
        lines = BY_ADDRESS[what](addresses) if what in BY_ADDRESS else BY_TENANT[what](tenant_name=tenant)
        whose = Tenant.objects.filter(name=tenant).first() if tenant else None
        audit.note(audit.Action.EXPORTED, whose, by="manage.py export", what=[what, *addresses])
        # Closed at once also when the reader goes away: an open cursor would complain while the program ends.
        with closing(lines), Progress(f"Exporting {what}") as progress:
            progress.is_shown &= not self.stdout.isatty()  # there the lines themselves show it
            for line in lines:
                self.print_json(line)
                progress.advance()
