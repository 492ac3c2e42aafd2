"""Pages can be read and worked by everybody: contrast, labels, names and landmarks, at a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.factories import PASSWORD
from tests.walls.world import World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
#: What the standard asks (WCAG 2.2 AA), and headings and landmarks, by which a screen reader moves.
RUN: Final = """() => axe.run(document, {
    resultTypes: ["violations"],
    iframes: false,
    runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
}).then(found => found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)} ${node.any.map(why => why.message).join(" ")}`)
))"""
#: What the theme does in the dark; it looks at the colours of the system only while a page opens.
DARKEN: Final = "dark => { document.documentElement.classList.toggle('dark', dark) }"
#: A colour on its way to another one is judged as neither.
STILL: Final = "* { transition: none !important; animation: none !important; }"
#: Width and colours: at a desk, on a phone, and in the dark.
LOOKS: Final = ((1440, "light"), (390, "light"), (1440, "dark"))


def pages(world: World) -> list[str]:
    """Give the pages people spend their day on."""
    ticket, mailbox = world.pk("tickets.ticket", "a"), world.pk("mailboxes.mailbox", "a")
    return [
        "admin/",
        "admin/tickets/ticket/",
        f"admin/tickets/ticket/{ticket}/change/",
        "admin/mailboxes/mailbox/",
        f"admin/mailboxes/mailbox/{mailbox}/change/",
        f"admin/mailboxes/mailbox/{mailbox}/guide/",
        "admin/mailboxes/outboundmessage/",
        f"admin/mailboxes/outboundmessage/{world.pk('mailboxes.outboundmessage', 'a')}/change/",
        "admin/mailboxes/inboundmessage/?state__exact=quarantined",
        f"admin/tickets/ticket/{ticket}/ask/",
        "admin/tickets/approval/",
        f"admin/tickets/approval/{world.pk('tickets.approval', 'a')}/change/",
        "admin/second-step/",
        "admin/confirm/",
        "admin/tickets/rule/",
        "admin/nothing/here/",
        f"admin/tickets/ticket/{ticket}/history/",
        "admin/tickets/ticket/?q=nowhere&status__in=new",
        f"admin/tickets/ticket/{ticket}/show_as/?entry={world.pk('tickets.entry', 'a')}",
        f"admin/tickets/queue/{world.pk('tickets.queue', 'a')}/change/",
        "admin/tickets/cannedanswer/add/",
        "admin/tickets/tag/",
        f"admin/mailboxes/inboundmessage/{world.pk('mailboxes.inboundmessage', 'a')}/change/",
        "admin/mailboxes/mailbox/radar/",
        "admin/tenants/tenant/",
        f"admin/tenants/tenant/{world.pk('tenants.tenant', 'a')}/change/",
        f"admin/tenants/appregistration/{world.pk('tenants.appregistration', 'a')}/change/",
        f"admin/mailboxes/mailbox/registration/{world.pk('tenants.appregistration', 'a')}/guide/",
        "admin/tenants/membership/add/",
        "admin/tenants/auditentry/",
        "admin/tenants/alert/",
        "admin/auth/user/",
        "admin/auth/user/add/",
        "admin/password_change/",
    ]


@pytest.fixture
def world(live_server: Any) -> World:
    made = build()
    operator = made.people["operator"]
    assert operator is not None
    operator.set_password(PASSWORD)
    operator.save()
    return made


def faults(page: Page, url: str) -> list[str]:
    """Open a page and give what is wrong with it, in each look."""
    found = []
    page.goto(url)
    page.add_style_tag(content=STILL)
    page.evaluate(AXE)
    for width, colours in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(DARKEN, colours == "dark")
        where = f"{url.partition('/admin')[2]} at {width} {colours}"
        found += [f"{where}: {one}" for one in page.evaluate(RUN)]
    return found


def test_pages_can_be_read_and_worked_by_everybody(page: Page, live_server: Any, world: World) -> None:
    found = faults(page, f"{live_server.url}/admin/login/")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")
    for path in pages(world):
        found += faults(page, f"{live_server.url}/{path}")

    assert not found, "\n".join(found)
