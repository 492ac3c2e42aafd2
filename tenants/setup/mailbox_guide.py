"""The way to one working mailbox: what has to be there at the customer's for it alone, each step with its state.

Everything is told from rows; nothing is asked of Microsoft.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tenants.setup import pages, powershell
from tenants.setup.guide import (
    LICENCE,
    NO_MODULE,
    SHARED,
    Facts,
    State,
    Step,
    network_step,
    permission_step,
    protocol_step,
)

#: Names administrators give to accounts of their own; what an account may do is only known to the directory.
_ADMIN: Final = re.compile(r"(^|[._-])(adm|admin|administrator|globaladmin|root|sysadmin)([._-]|\d*$)")

_KNOWN: Final = {True: State.DONE, False: State.OPEN, None: State.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known here of one mailbox; a user is blank where the application signs in by itself."""

    address: str
    user: str
    sending_user: str  #: the same as `user` where one sign-in reads and sends
    sender: str
    has_sent: bool | None
    answers_to: str
    answers_read: bool
    reads: bool
    sends: bool
    folder: str
    is_active: bool
    read_at: datetime | None
    examined_ok: bool | None


def steps(facts: Facts, situation: Situation, *, apart: Facts | None = None) -> list[Step]:
    """Give the steps in the order they are done in; `facts` are narrowed to this mailbox.

    `apart` are the facts of the sign-in that sends, where it has one of its own.
    """
    found = [_existence(situation), *_opening(facts, situation, apart=apart)]
    if situation.sends and situation.sender != situation.address:
        found.append(_sender(apart or facts, situation))
    if situation.sends and situation.answers_to != situation.address:
        found.append(_answers(situation))
    found += _protocols(facts, apart=apart)
    found += [_folder(situation)] if situation.reads else []
    return [*found, network_step(facts), _test(situation)]


def _opening(facts: Facts, situation: Situation, *, apart: Facts | None) -> list[Step]:
    """Give the steps that let us in: to read, and to send where that is another sign-in's."""
    if apart is None:
        user = [_user(facts, situation)] if situation.user else []
        return [permission_step(facts), *user]
    is_same_app = apart.target.client_id == facts.target.client_id
    found = [permission_step(facts)] if situation.reads or is_same_app else []
    if not is_same_app:
        found.append(_for_sending(apart, permission_step(apart)))
    if situation.reads and situation.user:
        found.append(_user(facts, replace(situation, sends=False)))
    if situation.sending_user:
        found.append(_sending_user(apart, situation))
    return found


def _protocols(facts: Facts, *, apart: Facts | None) -> list[Step]:
    if apart is None:
        return [protocol_step(facts)] if facts.reads_imap or facts.sends_smtp else []
    found = [protocol_step(replace(facts, sends_smtp=False))] if facts.reads_imap else []
    return [*found, *([_for_sending(apart, protocol_step(apart))] if apart.sends_smtp else [])]


def _for_sending(apart: Facts, step: Step) -> Step:
    """Say of a step that it is about the application that sends, and name it."""
    application = (
        (_("Application that sends"), apart.target.name),
        (_("Application (client) ID, as entered here"), apart.target.client_id),
    )
    title = _("For sending: %(step)s") % {"step": step.title}
    return replace(step, title=title, values=(*application, *step.values))


def _existence(situation: Situation) -> Step:
    signs_in = situation.address in (situation.user, situation.sending_user)
    blocked = () if signs_in else (
        _("Nobody signs in to a shared mailbox itself: block that for its account (Users > Active users > Block "
        "sign-in)."),
    )  # fmt: skip
    return Step(
        title=_("Have the mailbox in Exchange Online"),
        state=State.DONE if situation.read_at else State.OPEN,
        says=(
            str(LICENCE),
            str(SHARED),
            *blocked,
            _(
                "For a user mailbox: Microsoft 365 admin center > Users > Active users > Add a user, with a licence "
                "that holds Exchange. A new mailbox takes up to some hours to be open."
            ),
            _("A mailbox of its own for the helpdesk, not a person's."),
        ),
        values=((_("Mailbox"), situation.address),),
        page=pages.SHARED_MAILBOX,
    )


def _user(facts: Facts, situation: Situation) -> Step:
    is_own = situation.user == situation.address
    shared = "" if is_own else powershell.user_access(
        facts.target, user=situation.user, reads=situation.reads, sends=situation.sends
    )  # fmt: skip
    more = (_("Full access opens the mailbox, Send As lets answers leave in its name."), str(NO_MODULE))
    return Step(
        title=_("Have the user who signs in")
        if is_own
        else _("Give the user who signs in access to the mailbox"),
        state=State.DONE if situation.read_at else State.UNKNOWN,
        says=(*_account(situation.user), *(() if is_own else more)),
        values=((_("Signed-in user"), situation.user), (_("Mailbox"), situation.address)),
        script=shared,
        page=pages.FULL_ACCESS,
    )


def _sending_user(apart: Facts, situation: Situation) -> Step:
    user = situation.sending_user
    is_own = user == situation.address
    more = (_("Send As lets answers leave in the name of the mailbox."), str(NO_MODULE))
    return Step(
        title=_("Have the user who signs in to send")
        if is_own
        else _("Give the user who sends the right “Send As”"),
        state=_KNOWN[situation.has_sent],
        says=(*_account(user), *(() if is_own else more)),
        values=((_("Signed-in user"), user), (_("Mailbox"), situation.address)),
        script="" if is_own else powershell.send_as(apart.target, sender=situation.address, trustee=user),
        page=pages.SEND_AS,
    )


def _account(user: str) -> tuple[str, ...]:
    """Say what kind of account it should be, with a warning where it looks like another."""
    warning = (
        (_("This looks like an administrator's account. Whoever holds its sign-in holds its roles: use an account "
         "without any role, made for this mailbox."),)
        if _ADMIN.search(user.partition("@")[0].lower())
        else ()
    )  # fmt: skip
    return (
        *warning,
        _("An account without administrator roles; with multi-factor sign-in if your directory asks for it."),
    )


def _sender(facts: Facts, situation: Situation) -> Step:
    return Step(
        title=_("Let answers leave under another address"),
        state=_KNOWN[situation.has_sent],
        says=(
            _(
                "The from address must be the mailbox's own alias, or a mailbox or group on which Send As is given."
            ),
            _("“Test configuration” sends a mail to you and shows whether Exchange takes it."),
            str(NO_MODULE),
        ),
        values=((_("From address"), situation.sender), (_("Mailbox"), situation.address)),
        script=powershell.send_as(facts.target, sender=situation.sender, trustee=situation.sending_user),
        page=pages.SEND_AS,
    )


def _answers(situation: Situation) -> Step:
    return Step(
        title=_("Have customers' answers come back"),
        state=State.DONE if situation.answers_read else State.OPEN,
        says=(
            _(
                "Customers answer to this address. Their answers become part of the ticket only when a mailbox that is "
                "connected here reads what arrives there."
            ),
            _(
                "Connect that mailbox, or have Exchange deliver the address to this one and enter it among the further "
                "addresses."
            ),
            _(
                "Exchange admin center > Recipients > Mailboxes > that mailbox > Manage mail flow settings > Email "
                "forwarding > Edit > Forward all emails sent to this mailbox."
            ),
        ),
        values=((_("Customers answer to"), situation.answers_to), (_("Mailbox"), situation.address)),
        page=pages.FORWARDING,
    )


def _folder(situation: Situation) -> Step:
    return Step(
        title=_("Choose the folder"),
        state=State.DONE if situation.read_at else State.UNKNOWN,
        says=(
            _(
                "All mail in it becomes tickets. A folder belongs to one installation: test and production need "
                "one each."
            ),
            _(
                "“Choose folder” on the mailbox shows the folders that are there, with the number of mails in each."
            ),
        ),
        values=((_("Folder"), situation.folder),),
        page=pages.FOLDERS,
    )


def _test(situation: Situation) -> Step:
    says = [_("“Test configuration” goes through the whole chain and says who has to repair what.")]
    if not situation.is_active:
        says.append(
            _("The mailbox is switched off. Tick “active” and save: it is tested, and then switched on.")
        )
    return Step(
        title=_("Test it and switch it on"),
        state=_KNOWN[situation.examined_ok] if situation.is_active else State.OPEN,
        says=tuple(says),
        page=pages.TROUBLE,
    )
