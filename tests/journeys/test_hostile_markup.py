"""Markup and file names planted in every field that mail fills fire nowhere, in a browser without our content policy.

The policy would stop most of it a second time; here only the escaping stands between a mail and the desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from playwright.sync_api import Browser, Page

from mailboxes.models import InboundMessage, OutboundMessage
from tenants.models import AuditEntry
from tests.factories import (
    AttachmentFactory,
    EntryFactory,
    FolderFactory,
    InboundMessageFactory,
    MembershipFactory,
    TicketFactory,
)
from tests.journeys.browsing import sign_in
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, Entry, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Each breaks out of another place: text, attribute, script, style, title, template language, address.
VECTORS: Final = (
    "<img src=x onerror=alert(1)><script>alert(1)</script><svg/onload=alert(1)>",
    "\"autofocus onfocus=alert(1) x='><svg onload=alert(1)>",
    "'-alert(1)-'</script></title></style></textarea><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}<p x-data x-init='alert(1)'>",
    "javascript:alert(1)//<iframe srcdoc='<script>parent.alert(1)</script>'><base href=//evil.example>",
)
FILE_NAMES: Final = (
    "<img src=x onerror=alert(1)>.png",
    '"><svg onload=alert(1)>.svg',
    "‮gpj.<script>alert(1)</script>.html",
    "../../<b onmouseover=alert(1)>\r\nX: y.htm",
)
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(40)
#: What escaping would have kept out of the tree of elements; our own pages have none of it.
PLANTED: Final = """() => [...document.querySelectorAll('*')]
    .filter(one => [...one.attributes].some(each => /^on|alert[(]1/.test(each.name + each.value)
        && !['value', 'title', 'aria-label', 'alt', 'data-text', 'data-others', 'content'].includes(each.name))
        || (one.tagName === 'SCRIPT' && one.textContent.includes('alert(1)'))
        || (one.tagName === 'BASE'))
    .map(one => one.outerHTML.slice(0, 200))"""


def plant(member: Any, vector: str) -> Ticket:
    """Fill a ticket, a line of the ledger, a mail going out, a folder and the histories with it."""
    tenant = member.tenant
    person, short = {"name": vector, "email": f"x@evil.example{vector}"}, vector[:120]
    trouble = {"code": "x", "cause": vector, "who": "user", "fix": vector}
    ticket: Ticket = TicketFactory(
        tenant=tenant, subject=vector, requester_name=short, requester_email=f"{short}@evil.example"
    )
    mailbox = ticket.mailbox
    type(mailbox)._base_manager.filter(pk=mailbox.pk).update(
        trouble=trouble, folder=short, outbound_transport="graph"
    )
    named = {"subject": vector, "sender": short, "received_at": "2026-11-02"}
    FolderFactory(
        mailbox=mailbox,
        path=short,
        compared_at=timezone.now(),
        comparison={"listed": 1, "missing": 1, "named": [named]},
    )
    answer_by_mail(ticket, vector)
    inbound = InboundMessageFactory(
        mailbox=mailbox, subject=vector, sender=short, message_id=vector, reason=short, error=trouble,
        state=InboundMessage.State.QUARANTINED,
    )  # fmt: skip
    outbound = OutboundMessage.objects.create(
        tenant=tenant, mailbox=mailbox, key=vector[:60], subject=vector, text=vector, to=[person], cc=[person],
        message_id=f"<{len(short)}-{ticket.pk}@contoso.example>", state="failed", error=trouble,
    )  # fmt: skip
    mail = EntryFactory(
        ticket=ticket, inbound=inbound, from_name=short, from_email=short, to=[person], cc=[person], subject=vector,
        text=vector, new_text=vector, html=f"<p>{vector}</p>", reason=short, message_id=vector,
    )  # fmt: skip
    EntryFactory(
        ticket=ticket, outbound=outbound, kind=Entry.Kind.MAIL_OUT, subject=vector, text=vector, to=[person]
    )
    for name in FILE_NAMES:
        AttachmentFactory(entry=mail, name=name, content_type=vector[:60], content=PNG)
    AuditEntry.objects.create(
        tenant=tenant, action="changed", subject=vector, details={"subject": [vector, vector]}
    )
    LogEntry.objects.create(
        user_id=member.user_id, content_type=ContentType.objects.get_for_model(Ticket), object_id=str(ticket.pk),
        object_repr=vector[:200], action_flag=CHANGE, change_message=vector,
    )  # fmt: skip
    return ticket


def answer_by_mail(ticket: Ticket, vector: str) -> None:
    """Have an approver's answer say it, and whoever sent that be called it."""
    short, now = vector[:120], timezone.now()
    tenant = ticket.tenant
    approval = Approval.objects.create(
        tenant=tenant, ticket=ticket, mailbox=ticket.mailbox, question=vector, context=vector, deadline_at=now
    )
    asked = ApprovalRequest.objects.create(tenant=tenant, approval=approval, name=short, address=short)
    ApprovalAnswer.objects.create(
        tenant=tenant, approval=approval, request=asked, happened_at=now, mail=1, sender=short, said=vector,
        counted_as="doubtful", reason=vector, outcome="open",
    )  # fmt: skip


@pytest.fixture
def tickets(live_server: Any) -> list[Ticket]:
    member = MembershipFactory(user__username="boss", role="admin")
    return [plant(member, vector) for vector in VECTORS]


@pytest.fixture
def desk(browser: Browser, live_server: Any, tickets: list[Ticket]) -> Iterator[Page]:
    """A signed-in browser that knows no content policy and writes down whatever happens."""
    context = browser.new_context(bypass_csp=True, base_url=live_server.url)
    page = context.new_page()
    page.strange = []  # type: ignore[attr-defined]
    note = page.strange.append  # type: ignore[attr-defined]
    page.on(
        "request",
        lambda one: None if one.url.startswith((live_server.url, "data:", "about:")) else note(one.url),
    )
    page.on("dialog", lambda dialog: (note(f"{page.url}: {dialog.message}"), dialog.dismiss()))
    sign_in(page, live_server.url, "boss")
    yield page
    context.close()


def addresses(tickets: list[Ticket]) -> Iterator[str]:
    """Give every page on which a word of a mail may stand: lists, search, filters, pages, histories, errors."""
    yield from (f"/admin/{path}" for path in ("", "mailboxes/mailbox/radar/", "tenants/auditentry/"))
    for model in (
        "tickets/ticket",
        "mailboxes/inboundmessage",
        "mailboxes/outboundmessage",
        "mailboxes/mailbox",
        "tickets/approval",
        "tickets/approvalanswer",
    ):
        yield f"/admin/{model}/"
    yield "/admin/tickets/ticket/?q=%3Cscript%3Ealert(1)%3C/script%3E"
    yield "/admin/search/?s=alert"
    yield "/admin/tickets/ticket/?status=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    yield "/admin/nothing/%3Cscript%3Ealert(1)%3C/script%3E/"
    for ticket in tickets:
        yield from (f"/admin/tickets/ticket/{ticket.pk}/{page}/" for page in ("change", "history"))
    yield from (f"/admin/mailboxes/inboundmessage/{pk}/change/" for pk in _pks(InboundMessage))
    yield from (f"/admin/mailboxes/inboundmessage/{pk}/rules/" for pk in _pks(InboundMessage))
    yield from (f"/admin/mailboxes/outboundmessage/{pk}/change/" for pk in _pks(OutboundMessage))
    yield from (f"/admin/tickets/approval/{pk}/change/" for pk in _pks(Approval))
    yield from (f"/admin/tickets/approvalanswer/{pk}/change/" for pk in _pks(ApprovalAnswer))
    yield f"/admin/mailboxes/mailbox/{tickets[0].mailbox_id}/change/"
    yield f"/admin/tenants/auditentry/{AuditEntry.objects.order_by('pk').values_list('pk', flat=True)[0]}/change/"


def _pks(model: Any) -> list[int]:
    return list(model.objects.values_list("pk", flat=True)[:3])


def test_the_nets_catch_what_fires(desk: Page) -> None:
    desk.set_content(VECTORS[0])
    desk.wait_for_timeout(200)

    assert desk.evaluate(PLANTED) != []
    assert any("1" in one for one in desk.strange)  # type: ignore[attr-defined]


def test_what_mail_planted_fires_on_no_page(desk: Page, tickets: list[Ticket]) -> None:
    """S-81, S-82, MT-041, MT-117 to MT-122."""
    found: list[tuple[str, Any]] = []
    for address in addresses(tickets):
        desk.goto(address)
        found += [(address, one) for one in desk.evaluate(PLANTED)]

    assert found == []
    assert desk.strange == []  # type: ignore[attr-defined]


def test_what_mail_planted_fires_in_no_message_and_in_no_answer_box(
    desk: Page, tickets: list[Ticket]
) -> None:
    """An answer that cannot be sent comes back with what was typed, and says why."""
    desk.goto(f"/admin/tickets/ticket/{tickets[0].pk}/change/")
    form = desk.locator("form[action$='/answer/']")
    form.locator("[name=answer]").fill(VECTORS[0])
    form.locator("[name=to]").fill(VECTORS[1])
    # The draft is kept while one types; nothing of it may be under way beside the answer.
    desk.wait_for_function("() => document.querySelector('[data-desk-answer]').dataset.state === 'kept'")
    with desk.expect_navigation():
        form.evaluate("form => { form.noValidate = true; form.requestSubmit() }")

    assert "alert(1)" in desk.content()
    assert desk.evaluate(PLANTED) == []
    assert desk.strange == []  # type: ignore[attr-defined]


def test_answers_for_programs_are_no_pages(desk: Page) -> None:
    """Autocomplete and the like come as JSON that no browser takes for markup."""
    answer = desk.request.get(
        "/admin/autocomplete/?app_label=tickets&model_name=ticket&field_name=queue&term=alert"
    )

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "html" not in answer.headers["content-type"] or answer.status in (403, 404)
