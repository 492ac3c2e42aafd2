"""What a document asks for, checked: names instead of rows, and only the columns it mentions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPlan:
    """A secret or certificate; `material` has the shape CredentialSecret stores."""

    kind: str
    material: dict[str, str] = field(repr=False)
    expires_on: date | None = None
    #: False: the document does not say when it expires, and what is stored stays.
    says_expiry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationPlan:
    name: str
    columns: Columns
    credential: CredentialPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlan:
    """A mailbox; `registration`, `queue` and `outbound_registration` in its columns are names."""

    address: str
    columns: Columns
    #: Of the account that signs in, where it does so by password, and of the one that signs in to send.
    password: str | None = field(default=None, repr=False)
    sending_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    name: str
    columns: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlan:
    """A rule with every column; `queue` and `assignee` are names."""

    name: str
    columns: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedAnswerPlan:
    """A canned answer; `queue` in its columns is a name, or None for all."""

    name: str
    columns: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantPlan:
    name: str
    columns: Columns
    queues: tuple[QueuePlan, ...] = ()
    registrations: tuple[RegistrationPlan, ...] = ()
    mailboxes: tuple[MailboxPlan, ...] = ()
    rules: tuple[RulePlan, ...] = ()
    canned_answers: tuple[CannedAnswerPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPlan:
    username: str
    columns: Columns
    tenants: tuple[str, ...]
    role: str | None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    tenants: tuple[TenantPlan, ...] = ()
    staff: tuple[StaffPlan, ...] = ()
