"""The two sides of a mailbox: mail is read and sent by one sign-in, or sent by another one of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailboxes.models import Direction, Mailbox, MailboxSignIn
from tenants.models import AppRegistration, Tenant


@dataclass(frozen=True, slots=True)
class SendingSide:
    """A mailbox as it is opened to send from it, by a sign-in of its own; what is left blank is the reading side's."""

    mailbox: Mailbox
    direction: ClassVar[str] = Direction.OUT

    @property
    def pk(self) -> int:
        return self.mailbox.pk

    @property
    def tenant_id(self) -> int:
        return self.mailbox.tenant_id

    @property
    def tenant(self) -> Tenant:
        return self.mailbox.tenant

    @property
    def address(self) -> str:
        return self.mailbox.address

    @property
    def registration(self) -> AppRegistration:
        return self.mailbox.outbound_registration or self.mailbox.registration

    @property
    def sign_in(self) -> str:
        return self.mailbox.outbound_sign_in or self.mailbox.sign_in

    @property
    def signed_in_user(self) -> str:
        return self.mailbox.outbound_signed_in_user or self.mailbox.signed_in_user

    def get_sign_in_display(self) -> str:
        return str(dict(Mailbox.SignIn.choices).get(self.sign_in, self.sign_in))


#: What the flows of a sign-in work on: the reading side, which is the mailbox itself, or the sending one.
Opened = Mailbox | SendingSide


def sends_apart(mailbox: Mailbox) -> bool:
    """Tell whether mail is sent by another application, in another way or by another person than it is read."""
    if mailbox.outbound_transport == Mailbox.Outbound.NONE:
        return False
    sender = SendingSide(mailbox)
    is_other_app = mailbox.outbound_registration_id not in (None, mailbox.registration_id)
    if is_other_app or sender.sign_in != mailbox.sign_in:
        return True
    own = mailbox.address.lower()
    is_other = (sender.signed_in_user or own).lower() != (mailbox.signed_in_user or own).lower()
    return is_other and mailbox.sign_in != Mailbox.SignIn.APPLICATION


def sending_side(mailbox: Mailbox) -> Opened:
    """Give the side whose sign-in sends."""
    return SendingSide(mailbox) if sends_apart(mailbox) else mailbox


def people_of(mailbox: Mailbox) -> list[Opened]:
    """List the sides a person has to sign in for."""
    sides: list[Opened] = [mailbox]
    if sends_apart(mailbox):
        is_read = mailbox.inbound_transport != Mailbox.Inbound.NONE
        sides = [*([mailbox] if is_read else []), SendingSide(mailbox)]
    return [side for side in sides if side.sign_in != Mailbox.SignIn.APPLICATION]


def side_called(mailbox: Mailbox, direction: str) -> Opened:
    """Give the side a form or an address names; anything unknown is the reading one."""
    return SendingSide(mailbox) if direction == Direction.OUT and sends_apart(mailbox) else mailbox


def side_of(row: MailboxSignIn) -> Opened | None:
    """Give the side a kept sign-in is for; None when mail is no longer sent by a sign-in of its own."""
    if row.direction == Direction.IN:
        return row.mailbox
    return SendingSide(row.mailbox) if sends_apart(row.mailbox) else None


def mailbox_of(side: Opened) -> Mailbox:
    return side.mailbox if isinstance(side, SendingSide) else side
