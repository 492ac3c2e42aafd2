"""What can be tried on a mailbox through Graph: is it there, what is it, may we read it, may we write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from mailboxes.consents import explain_denial
from mailboxes.features import changes_mail, makes_drafts
from mailboxes.inbound import guard
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.time_zones import agrees
from mailboxes.transports.base import SENT_ITEMS
from mailboxes.transports.graph import GraphInbound
from mailboxes.wording import counted
from tenants.errors import AccessDenied, IntegrationError
from tenants.microsoft.answers import count, listed, text, words
from tenants.microsoft.graph import segment
from tenants.setup.check import Check, Status, failed, not_reached, passed, skipped, warned
from tenants.setup.powershell import quoted

STEPS: Final = ("mailbox", "purpose", "time_zone", "folder", "marker", "read", "write", "sent_items")
DRAFT_SUBJECT: Final = "Test of the helpdesk: this draft is made and removed again"
#: A mailbox in whose Sent Items nothing of Outlook has appeared for this long is asked about.
SILENT_AFTER: Final = timedelta(days=7)
#: Exchange's kinds of mailbox that a helpdesk may well work on, as Graph names them.
_USUAL: Final = frozenset({"user", "shared", "linked", "others", ""})


class Probes:
    """The steps on one mailbox, each an iterator of its checks; ids and words of the mailbox stay in here."""

    def __init__(self, mailbox: Mailbox, transport: GraphInbound) -> None:
        self.mailbox = mailbox
        self.transport = transport
        self.client = transport.client
        self.folder_id = ""
        self.purpose = ""

    def run(self) -> list[Check]:
        """Go as far as the mailbox lets us; the checks stand in the order of STEPS."""
        checks: list[Check] = []
        of_folder = (self._folder, self._marker, self._read)
        for step in (self._mailbox, self._settings, *of_folder, self._write, self._sent_items):
            checks += step()
            if checks[-1].status is Status.FAIL and checks[-1].id in ("mailbox", "folder"):
                break
        done = {check.id for check in checks}
        return [*checks, *not_reached([step for step in STEPS if step not in done])]

    def _mailbox(self) -> Iterator[Check]:
        try:
            yield passed("mailbox", self._open("inbox"))
        except IntegrationError as error:
            yield failed("mailbox", explain_denial(self.mailbox, error))

    def _open(self, folder: str) -> str:
        found = self.client.get(
            f"{self.transport.user}/mailFolders/{segment(folder)}",
            params={"$select": "id,displayName,totalItemCount"},
        )
        self.folder_id = text(found, "id")
        return f"{words(found, 'displayName') or folder}, {counted(count(found, 'totalItemCount'))}"

    def _settings(self) -> Iterator[Check]:
        try:
            found = self.client.get(f"{self.transport.user}/mailboxSettings")
        except AccessDenied:
            yield skipped("purpose", "settings_unreadable")
            yield skipped("time_zone", "settings_unreadable")
            return
        except IntegrationError as error:
            yield failed("purpose", error)
            yield failed("time_zone", error)
            return
        self.purpose = words(found, "userPurpose")
        yield _purpose(self.purpose)
        yield _time_zone(words(found, "timeZone"))

    def _folder(self) -> Iterator[Check]:
        row = Folder.objects.filter(mailbox=self.mailbox, purpose=Folder.Purpose.INBOX).first()
        if row is not None and row.remote_id and row.path == self.mailbox.folder:
            # As a run does: what was chosen once is known by its id, whatever it is called by now.
            yield _tried("folder", lambda: self._open(row.remote_id))
        else:
            yield _tried("folder", self._find)

    def _find(self) -> str:
        found = self.transport.find_folder(self.mailbox.folder)
        self.folder_id = found.remote_id
        return f"{found.display_name}, {counted(found.total)}"

    def _marker(self) -> Iterator[Check]:
        try:
            other = guard.look(self.transport, self.folder_id)
        except IntegrationError as error:
            yield skipped("marker", "marker_unreadable", detail=error.code)
            return
        if other is None:
            yield passed("marker", "nobody else tidies up this folder")
        else:
            yield warned("marker", "other_installation", detail=f"{other.url}, since {other.since}")

    def _read(self) -> Iterator[Check]:
        yield _tried("read", self._look_into_newest)

    def _look_into_newest(self) -> str:
        return "the newest mail was read" if self._has_newest(self.folder_id) else "the folder is empty"

    def _has_newest(self, folder_id: str) -> bool:
        # The preview is what the lesser right to list mails may not see; it is dropped at once.
        params = {"$top": "1", "$select": "id,bodyPreview"}
        url = f"{self.transport.user}/mailFolders/{segment(folder_id)}/messages"
        return bool(listed(self.client.get(url, params=params)))

    def _write(self) -> Iterator[Check]:
        if not changes_mail(self.mailbox) and not makes_drafts(self.mailbox):
            yield skipped("write", "write_not_needed")
            return
        try:
            made = self.client.post(f"{self.transport.user}/messages", {"subject": DRAFT_SUBJECT})
        except AccessDenied as error:
            # Without drafts mail is sent all the same, with less comfort.
            yield failed("write", error) if changes_mail(self.mailbox) else warned("write", "drafts_denied")
            return
        except IntegrationError as error:
            yield failed("write", error)
            return
        try:
            self.client.delete(f"{self.transport.user}/messages/{segment(text(made, 'id'))}")
        except IntegrationError:
            yield warned("write", "draft_left", detail=DRAFT_SUBJECT)
            return
        yield passed("write", "a draft was made and removed")

    def _sent_items(self) -> Iterator[Check]:
        if not self.mailbox.is_reading_sent:
            yield skipped("sent_items", "sent_items_off")
            return
        try:
            folder = self.transport.find_folder(SENT_ITEMS)
            self._has_newest(folder.remote_id)
        except IntegrationError as error:
            found = failed("sent_items", error)
            # Mail goes on coming in, so this keeps no mailbox from being switched on.
            yield replace(found, status=Status.WARN) if found.status is Status.FAIL else found
        else:
            yield _how_far(self.mailbox, folder.display_name, is_a_users=self.purpose.lower() == "user")


def _tried(step: str, attempt: Callable[[], str]) -> Check:
    try:
        return passed(step, attempt())
    except IntegrationError as error:
        return failed(step, error)


def _how_far(mailbox: Mailbox, name: str, *, is_a_users: bool) -> Check:
    """Say since when Sent Items is read and what came of it; the copies of a shared mailbox may lie elsewhere."""
    row = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.SENT).first()
    if row is None:
        return skipped("sent_items", "sent_items_unread", detail=name)
    since = row.since_at or mailbox.created_at
    lines = InboundMessage.objects.filter(mailbox=mailbox, is_sent=True)
    latest: datetime | None = lines.order_by("-received_at").values_list("received_at", flat=True).first()
    if latest is not None:
        return passed("sent_items", f"{name}, read since {since:%Y-%m-%d}, latest mail of {latest:%Y-%m-%d}")
    if row.is_walking:
        return passed("sent_items", f"{name}, read since {since:%Y-%m-%d}, not yet to its end")
    if is_a_users or since > timezone.now() - SILENT_AFTER:
        return passed("sent_items", f"{name}, read since {since:%Y-%m-%d}, nothing from Outlook yet")
    command = f"Set-Mailbox -Identity {quoted(mailbox.address)} -MessageCopyForSentAsEnabled $true"
    return warned("sent_items", "sent_items_silent", detail=command)


def _purpose(purpose: str) -> Check:
    if purpose.lower() in _USUAL:
        return passed("purpose", purpose)
    return warned("purpose", "mailbox_purpose", detail=purpose)


def _time_zone(name: str) -> Check:
    detail = f"{name or 'none set'}; this helpdesk: {settings.TIME_ZONE}"
    if agrees(name, settings.TIME_ZONE, at=timezone.now()) is False:
        return warned("time_zone", "time_zone_differs", detail=detail)
    return passed("time_zone", detail)
