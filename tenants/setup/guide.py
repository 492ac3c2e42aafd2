"""The way to a working registration: numbered steps with this customer's own values, each with its state.

Everything is told from rows; nothing is asked of Microsoft.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from tenants.microsoft.clouds import Cloud
from tenants.setup import pages, powershell
from tenants.setup.check import Check, Status
from tenants.setup.permissions import Comparison, Kind, Permission, Resource, compare
from tenants.wording import told as in_words

#: Mail permissions of Graph that Exchange knows as roles of the same name.
_EXCHANGE_ROLES: Final = frozenset({"Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"})


class State(StrEnum):
    DONE = "done"
    OPEN = "open"
    UNKNOWN = "unknown"  #: cannot be checked from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `values` are (label, text to copy), `script` is PowerShell that runs as it is."""

    title: str
    state: State
    says: tuple[str, ...]
    page: pages.Page
    values: tuple[tuple[str, str], ...] = ()
    script: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known here of a registration. `granted` is None until a token has shown its permissions."""

    target: powershell.Target
    return_address: str  #: where Microsoft sends browsers back to
    cloud: Cloud
    credential: Check
    wanted: Sequence[Permission]
    granted: Sequence[str] | None
    working: Sequence[str]  #: addresses of which mail has been read
    by_application: Sequence[
        str
    ]  #: addresses the application itself opens over Graph; no other is opened to it
    reads_imap: bool
    sends_smtp: bool
    #: What the other mailboxes of the registration need: not superfluous, whatever this guide is about.
    wanted_beside: Sequence[Permission] = ()

    @property
    def compared(self) -> Comparison:
        # What a person has allowed stands in no token of the application.
        return compare([one for one in self.wanted if one.kind is Kind.APPLICATION], self.granted or ())

    @property
    def is_open(self) -> bool:
        """Tell whether some mailbox has been read: then the rights are there, whoever gave them."""
        return bool(self.working)


def steps(facts: Facts) -> list[Step]:
    """Give the steps in the order they are done in."""
    found = [_roles(), _registration(facts), _credential(facts), permission_step(facts), _mailboxes(facts)]
    if facts.by_application and _graph_roles(facts):
        opened = replace(facts, target=replace(facts.target, addresses=facts.by_application))
        found += [_limit(opened), _older_limit(opened)]
    if facts.reads_imap or facts.sends_smtp:
        found.append(protocol_step(facts))
    return [*found, network_step(facts)]


def _roles() -> Step:
    return Step(
        title=_("Have the administrator roles ready"),
        state=State.UNKNOWN,
        says=(
            _("Application Administrator or Cloud Application Administrator, to register the application."),
            _(
                "Privileged Role Administrator or Global Administrator, to grant consent to application permissions of "
                "Microsoft Graph; for those of Office 365 Exchange Online the role above is enough."
            ),
            _("Exchange Administrator with Organization Management, for the PowerShell below."),
            _("These may be three people; each needs the role only while doing the step."),
        ),
        page=pages.ROLES,
    )


def _registration(facts: Facts) -> Step:
    return Step(
        title=_("Register an application of its own"),
        state=State.DONE if facts.granted is not None else State.OPEN,
        says=(
            _(
                "Entra admin center > App registrations > New registration. Any name: users see it where they "
                "consent."
            ),
            _(
                "Accounts in this organizational directory only is enough. The choices with any organizational "
                "directory work as well; Personal Microsoft accounts only does not: no account of an organisation "
                "can use it."
            ),
            _(
                "Redirect URI: platform Web and the address below, to the letter. Others may stand beside it. ID "
                "tokens may be ticked or not."
            ),
            _(
                "A new registration, not one of an older program: rights for EWS and others would come with it."
            ),
            *_older_program(facts),
            _("Logo and information address (Branding & properties) are optional."),
        ),
        values=(
            (_("Application (client) ID, as entered here"), facts.target.client_id),
            (_("Directory (tenant) ID, as entered here"), facts.target.directory_id),
            (_("Redirect URI"), facts.return_address),
        ),
        page=pages.REGISTRATION,
    )


def _older_program(facts: Facts) -> tuple[str, ...]:
    foreign = facts.compared.foreign
    if not foreign:
        return ()
    return (
        _("This one carries %(names)s, as an older program's does. Better make a new one for the helpdesk.")
        % {"names": ", ".join(foreign)},
    )


def _credential(facts: Facts) -> Step:
    said = facts.credential.diagnosis
    told = (in_words(said),) if said else ()
    return Step(
        title=_("Make a credential and enter it here"),
        state=State.OPEN if facts.credential.status is Status.FAIL else State.DONE,
        says=(
            _(
                "Certificates & secrets > New client secret, 24 months; copy the column Value at once, not the "
                "Secret ID."
            ),
            _("A certificate is better still: upload its public part there, and enter both parts here."),
            *told,
        ),
        page=pages.CREDENTIAL,
    )


def permission_step(facts: Facts) -> Step:
    compared = facts.compared
    says = [
        _(
            "API permissions > Add a permission: each of these, then Grant admin consent and confirm with Yes."
        ),
        _(
            "Or ask for consent on the page of the registration here, which also makes a link for an "
            "administrator without an account."
        ),
        _("Where only Exchange's roles are used (the next steps), the mail permissions are left out here."),
    ]
    if not facts.target.addresses:
        says.append(
            _(
                "No mailbox uses this registration yet. These are for mailboxes that the application reads, tidies up "
                "and answers from by itself; add the mailbox, and the list follows its settings."
            )
        )
    if facts.granted is None and any(one.kind is Kind.APPLICATION for one in facts.wanted):
        says.append(_("What is granted is not known yet: test the configuration of a mailbox."))
    elif compared.missing:
        says.append(_("Missing in the last token: %(names)s.") % {"names": ", ".join(compared.missing)})
    used = [one for one in (*facts.wanted, *facts.wanted_beside) if one.kind is Kind.APPLICATION]
    unused = compare(used, facts.granted or ())
    if extra := (*unused.foreign, *unused.superfluous):
        says.append(
            _(
                "Granted, and used by nothing here: %(names)s. Remove unless other programs, or sending, will need it."
            )
            % {"names": ", ".join(extra)}
        )
    by_person = any(one.kind is Kind.DELEGATED for one in facts.wanted)
    if by_person:
        says.append(_("What a person has allowed shows on the page of the mailbox, after the first sign-in."))
    is_granted = facts.granted is not None and not compared.missing and not by_person
    return Step(
        title=_("Add the permissions and grant admin consent"),
        state=State.DONE if is_granted or facts.is_open else State.OPEN,
        says=tuple(says),
        values=tuple((_place(one), one.name) for one in facts.wanted),
        page=pages.CONSENT,
    )


def _place(permission: Permission) -> str:
    tab = gettext(permission.tab)
    return f"{tab} {_('(optional)')}" if permission.is_optional else tab


def _mailboxes(facts: Facts) -> Step:
    waiting = [one for one in facts.target.addresses if one not in facts.working]
    return Step(
        title=_("Have the mailboxes in Exchange Online"),
        state=State.OPEN if waiting or not facts.target.addresses else State.DONE,
        says=(
            str(LICENCE),
            str(SHARED),
            _(
                "A mailbox of its own for the helpdesk, not a person's. A new one takes up to some hours to be open."
            ),
            *(
                (_("No mail read yet: %(names)s. Test their configuration.") % {"names": ", ".join(waiting)},)
                if waiting
                else ()
            ),
        ),
        values=tuple((_("Mailbox"), address) for address in facts.target.addresses),
        page=pages.SHARED_MAILBOX,
    )


LICENCE: Final = gettext_lazy(
    "A shared mailbox needs no licence up to 50 GB, without archive and litigation hold; a user mailbox needs one with "
    "Exchange Online."
)
SHARED: Final = gettext_lazy(
    "For a shared mailbox: Microsoft 365 admin center > Teams & Groups > Shared mailboxes > Add a shared mailbox."
)


def _limit(facts: Facts) -> Step:
    return Step(
        title=_("Recommended: limit the application to these mailboxes (RBAC for Applications)"),
        state=State.DONE if _is_limited(facts) else State.UNKNOWN,
        says=(
            _("Without a limit the permissions open every mailbox of the directory."),
            _(
                "Exchange's roles and Entra's consent add up. The limit holds only once the same permissions are "
                "removed under API permissions."
            ),
            _("A change is felt after 30 minutes to two hours; the test at the end does not wait for that."),
            str(NO_MODULE),
        ),
        script=powershell.rbac(facts.target, _graph_roles(facts)),
        page=pages.RBAC,
    )


NO_MODULE: Final = gettext_lazy(
    "If the Exchange module cannot be installed on your computer, open Cloud Shell in the Azure portal: it has the "
    "module, and Connect-ExchangeOnline -Device signs in there."
)


def _older_limit(facts: Facts) -> Step:
    return Step(
        title=_("Or the older way to limit it: an application access policy"),
        state=State.UNKNOWN,
        says=(
            _(
                "Only where RBAC for Applications is not to be had, which has replaced it: Microsoft asks that no new "
                "policy be made. It keeps consented permissions to the mailboxes of a group, and is felt after an hour "
                "or more."
            ),
            str(NO_MODULE),
        ),
        script=powershell.access_policy(facts.target),
        page=pages.ACCESS_POLICY,
    )


def protocol_step(facts: Facts) -> Step:
    exchange = [one.kind for one in facts.wanted if one.resource is Resource.EXCHANGE]
    as_application = Kind.APPLICATION in exchange
    rights = (
        _(
            "Full access is given mailbox by mailbox, which is also the limit: policies and roles do not hold here."
        ),
        _("Grant admin consent first: the enterprise application has to be there."),
    )
    title = (
        _("Open the mailboxes to the application for IMAP, POP and SMTP")
        if as_application
        else _("Switch IMAP, POP and SMTP on for the mailboxes")
    )
    script = powershell.mail_protocols(
        facts.target, reads=facts.reads_imap, sends=facts.sends_smtp, as_application=as_application
    )
    return Step(
        title=title,
        state=State.DONE if facts.is_open and not facts.sends_smtp else State.UNKNOWN,
        says=(*(rights if as_application else ()), str(NO_MODULE)),
        script=script,
        page=pages.MAIL_PROTOCOLS,
    )


def network_step(facts: Facts) -> Step:
    return Step(
        title=_("Let this server reach Microsoft"),
        state=State.DONE if facts.is_open else State.UNKNOWN,
        says=(
            _(
                "Outgoing connections only. “Try these hosts” at the end of this page connects to each of them."
            ),
        ),
        values=tuple(_hosts(facts)),
        page=pages.NETWORK,
    )


def _hosts(facts: Facts) -> Iterator[tuple[str, str]]:
    where = facts.cloud
    found = [(_("Sign-in"), where.login_url, 443), ("Microsoft Graph", where.graph_url, 443)]
    if facts.reads_imap:
        found += [("IMAP", where.imap_url, 993), ("POP", where.pop_url, 995)]
    if facts.sends_smtp:
        found.append(("SMTP", where.smtp_url, 587))
    for name, url, port in found:
        parts = urlsplit(url)
        yield name, f"{parts.hostname}:{parts.port or port}"


def _graph_roles(facts: Facts) -> list[str]:
    own = [one for one in facts.wanted if one.kind is Kind.APPLICATION and not one.is_optional]
    return [one.name for one in own if one.resource is Resource.GRAPH and one.name in _EXCHANGE_ROLES]


def _is_limited(facts: Facts) -> bool:
    """Tell whether mail is read although the token names none of the permissions: then Exchange gives them."""
    return facts.is_open and facts.granted is not None and not set(_graph_roles(facts)) & set(facts.granted)
