"""The flow of provisioning: check the whole document, then write all of it in one transaction. No network call."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from m365integration.provisioning.customers import read_tenants
from m365integration.provisioning.known import load_known
from m365integration.provisioning.node import Findings, Node
from m365integration.provisioning.people import read_staff
from m365integration.provisioning.plan import Plan
from m365integration.provisioning.source import Source
from m365integration.provisioning.writing import Counts, Writer
from tenants.console import Fault, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was written, by kind of row, and what the operator should look at."""

    is_dry_run: bool
    counts: dict[str, Counts] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()


def provision(source: Source, *, is_dry_run: bool = False) -> Outcome:
    """Create or update what the document names; what it does not name stays as it is.

    Raises Refused with every fault found; then nothing has been changed.
    """
    try:
        with transaction.atomic():
            plan, warnings = check(source)
            writer = Writer()
            writer.write(plan)
            transaction.set_rollback(is_dry_run)
    except IntegrityError:
        message = "Somebody changed the same rows at the same moment; nothing was written. Run it again."
        raise Refused([Fault(path="", code="conflict", message=message)]) from None
    return Outcome(is_dry_run=is_dry_run, counts=writer.counts, warnings=warnings)


def check(source: Source) -> tuple[Plan, tuple[Fault, ...]]:
    """Check a document against what is stored; gives the plan and warnings. Raises Refused with every fault."""
    findings = Findings(folder=source.folder)
    root = Node("", source.document, findings)
    root.allow("tenants", "staff")
    known = load_known()
    plan = Plan(tenants=read_tenants(root, known), staff=read_staff(root, known))
    if findings.faults:
        raise Refused(findings.faults)
    return plan, tuple(findings.warnings)
