"""What can be tried on a mailbox through Graph: is it there, what is it, may we read it, may we write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from django.conf import settings
from django.utils import timezone

from mailboxes.features import changes_mail
from mailboxes.inbound import guard
from mailboxes.models import Folder, Mailbox
from mailboxes.time_zones import agrees
from mailboxes.transports.graph import GraphInbound
from mailboxes.wording import counted
from tenants.errors import AccessDenied, IntegrationError
from tenants.microsoft.graph import segment
from tenants.setup.check import Check, Status, failed, not_reached, passed, skipped, warned

STEPS: Final = ("mailbox", "purpose", "time_zone", "folder", "marker", "read", "write")
DRAFT_SUBJECT: Final = "Test of the helpdesk: this draft is made and removed again"
#: Exchange's kinds of mailbox that a helpdesk may well work on, as Graph names them.
_USUAL: Final = frozenset({"user", "shared", "linked", "others", ""})


class Probes:
    """The steps on one mailbox, each an iterator of its checks; ids and words of the mailbox stay in here."""

    def __init__(self, mailbox: Mailbox, transport: GraphInbound) -> None:
        self.mailbox = mailbox
        self.transport = transport
        self.client = transport.client
        self.folder_id = ""

    def run(self) -> list[Check]:
        """Go as far as the mailbox lets us; the checks stand in the order of STEPS."""
        checks: list[Check] = []
        for step in (self._mailbox, self._settings, self._folder, self._marker, self._read, self._write):
            checks += step()
            if checks[-1].status is Status.FAIL and checks[-1].id in ("mailbox", "folder"):
                break
        done = {check.id for check in checks}
        return [*checks, *not_reached([step for step in STEPS if step not in done])]

    def _mailbox(self) -> Iterator[Check]:
        yield _tried("mailbox", lambda: self._open("inbox"))

    def _open(self, folder: str) -> str:
        found = self.client.get(
            f"{self.transport.user}/mailFolders/{segment(folder)}",
            params={"$select": "id,displayName,totalItemCount"},
        )
        self.folder_id = str(found.get("id", ""))
        return f"{found.get('displayName', folder)}, {counted(found.get('totalItemCount', 0))}"

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
        yield _purpose(str(found.get("userPurpose") or ""))
        yield _time_zone(str(found.get("timeZone") or ""))

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
        # The preview is what the lesser right to list mails may not see; it is dropped at once.
        params = {"$top": "1", "$select": "id,bodyPreview"}
        url = f"{self.transport.user}/mailFolders/{segment(self.folder_id)}/messages"
        page = self.client.get(url, params=params)
        return "the newest mail was read" if page.get("value") else "the folder is empty"

    def _write(self) -> Iterator[Check]:
        if not changes_mail(self.mailbox):
            yield skipped("write", "write_not_needed")
            return
        try:
            made = self.client.post(f"{self.transport.user}/messages", {"subject": DRAFT_SUBJECT})
        except IntegrationError as error:
            yield failed("write", error)
            return
        try:
            self.client.delete(f"{self.transport.user}/messages/{segment(str(made.get('id', '')))}")
        except (IntegrationError, ValueError):
            yield warned("write", "draft_left", detail=DRAFT_SUBJECT)
            return
        yield passed("write", "a draft was made and removed")


def _tried(step: str, attempt: Callable[[], str]) -> Check:
    try:
        return passed(step, attempt())
    except IntegrationError as error:
        return failed(step, error)


def _purpose(purpose: str) -> Check:
    if purpose.lower() in _USUAL:
        return passed("purpose", purpose)
    return warned("purpose", "mailbox_purpose", detail=purpose)


def _time_zone(name: str) -> Check:
    detail = f"{name or 'none set'}; this helpdesk: {settings.TIME_ZONE}"
    if agrees(name, settings.TIME_ZONE, at=timezone.now()) is False:
        return warned("time_zone", "time_zone_differs", detail=detail)
    return passed("time_zone", detail)
