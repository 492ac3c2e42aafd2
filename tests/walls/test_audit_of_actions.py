"""Whatever is done on a page of the admin stands in the audit list, or here with the reason why not (S-110)."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import RequestFactory
from django.urls import reverse

from mailboxes.models import Folder
from tenants.models import AuditEntry
from tests.factories import AppRegistrationFactory, InboundMessageFactory, QueueFactory, UserFactory, mail
from tests.walls import routes
from tests.walls.test_matrix import PLANTED
from tests.walls.world import World

#: Actions that change nothing anybody would ask about, with the reason.
UNTOLD_ACTIONS: Final = {
    ("tickets.ticket", "change_many"): "asks what to change first; the change itself is told",
    ("tickets.ticket", "merge_many"): "one ticket is merged with nothing; merging is told",
    ("tickets.ticket", "mark_read"): "his own mark and nothing of the ticket's",
}
#: Addresses that take a POST about one row and leave no line, with the reason.
UNTOLD_DOORS: Final = {
    "admin/auth/user/<int:pk>/second-step/": "no second step is set up; taking it off is told",
    "admin/tenants/appregistration/<int:pk>/test/": "asks Microsoft for a token and changes nothing",
    "admin/tenants/appregistration/<int:pk>/replace/": "without Microsoft's answer nothing is replaced",
    "admin/mailboxes/mailbox/registration/<int:pk>/scope/": "without Microsoft's answer nothing is proved",
    "admin/mailboxes/mailbox/<int:pk>/sync/": "only asks for a look",
    "admin/mailboxes/mailbox/<int:pk>/test/": "told when a test mail has left; here Microsoft does not answer",
    "admin/mailboxes/mailbox/<int:pk>/folders/": "lists folders",
    "admin/mailboxes/mailbox/<int:pk>/confirm/": "no full inbox is held",
    "admin/mailboxes/mailbox/<int:pk>/take_over/": "there is no second installation",
    "admin/tenants/appregistration/<int:pk>/consent/": "leads to Microsoft; told when consent is proved",
    "admin/mailboxes/inboundmessage/mailbox/<int:pk>/preview/": "looks into a folder and changes nothing",
    "admin/mailboxes/mailbox/<int:pk>/compare/": "without Microsoft's answer nothing is compared",
    "admin/mailboxes/mailbox/<int:pk>/file_missing/": "nothing is missing",
    "admin/mailboxes/outboundmessage/<int:pk>/left/": "no mail is in doubt; believing that one left is told",
    "admin/tickets/ticket/<int:pk>/merge/": "no ticket is named; merging is told",
    "admin/tickets/ticket/<int:pk>/unmerge/": "it is not merged",
    "admin/tickets/ticket/<int:pk>/split/": "no entry is chosen; splitting is told",
    "admin/tickets/ticket/<int:pk>/watch/": "his own mark and nothing of the ticket's",
    "admin/tickets/ticket/<int:pk>/look/": "his own mark and nothing of the ticket's",
    "admin/mailboxes/mailbox/<int:pk>/signout/": "nobody is signed in; signing out is told",
    "admin/mailboxes/mailbox/<int:pk>/switch_on/": "what fails its examination stays off; else it is told",
    "admin/mailboxes/mailbox/<int:pk>/guide/": "tries the hosts it needs and changes nothing",
    "admin/mailboxes/mailbox/registration/<int:pk>/guide/": "tries the hosts it needs and changes nothing",
    "mailboxes/<int:pk>/sign-in/": "leads to Microsoft; told when somebody has signed in",
    "admin/tickets/ticket/<int:pk>/show_as/": "how a mail is read, and nothing of it",
    "admin/tickets/ticket/<int:pk>/draft/": "his own draft; the answer that becomes of it is told",
    "admin/tickets/ticket/<int:pk>/people/": "looks for people and changes nothing",
    "admin/tickets/ticket/<int:pk>/quote/": "reads a mail of the ticket and changes nothing",
    "admin/tickets/ticket/<int:pk>/note/": "the note itself stands on the ticket, with its writer",
}


def actions() -> list[tuple[str, str]]:
    """Give every action of every list, as the operator has them."""
    request = RequestFactory().get("/")
    request.user = UserFactory.build(is_superuser=True)
    return [
        (model._meta.label_lower, name)
        for model, page in routes.registry().items()
        for name in page.get_actions(request)
    ]


@pytest.fixture
def untold(world: World) -> int:
    """Give the number of the last line there is."""
    return int(AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[0])


def told_since(pk: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(pk__gt=pk).select_related("tenant"))


def select(world: World, label: str, name: str) -> int:
    """Give a row of the first tenant the action has something to do with."""
    if (label, name) == ("tickets.queue", "delete_selected"):
        return int(QueueFactory(tenant=world.tenant("a")).pk)
    if (label, name) == ("tenants.appregistration", "delete_selected"):
        return int(AppRegistrationFactory(tenant=world.tenant("a")).pk)
    if name == "take_over_all":
        other = {"installation": "x", "url": "", "since": "", "used_this_database": True}
        Folder.objects.filter(mailbox=world.pk(label, "a")).update(other_installation=other)
    if label == "mailboxes.inboundmessage":
        mailbox = world.row("mailboxes.mailbox", "a")
        return int(InboundMessageFactory(mailbox=mailbox, state="quarantined", raw=mail()).pk)
    return world.pk(label, "a")


@pytest.mark.parametrize(("label", "name"), actions(), ids=lambda part: str(part))
def test_every_action_of_a_list_is_told(world: World, untold: int, label: str, name: str) -> None:
    url = reverse(f"admin:{label.replace('.', '_')}_changelist")
    form = {"action": name, ACTION_CHECKBOX_NAME: [select(world, label, name)], "post": "yes"}
    world.client("operator").post(url, form)

    lines = told_since(untold)
    assert lines or (label, name) in UNTOLD_ACTIONS
    assert {line.actor for line in lines} <= {"operator"}


#: What a form asks for, beside what is planted everywhere.
FILLED: Final[dict[str, dict[str, Any]]] = {
    "admin/mailboxes/inboundmessage/mailbox/<int:pk>/start/": {"since": "all"},
    "admin/mailboxes/mailbox/<int:pk>/choose/": {"folder": "AAMk=\nDone", "purpose": "move_to"},
    "admin/tickets/ticket/<int:pk>/answer/": {"answer": "Hello", "to": "x@quokkaland.example", "key": "one"},
    "admin/tickets/ticket/<int:pk>/quick/": {"do": "solved"},
    "admin/tickets/ticket/<int:pk>/ask/": {
        "question": "May we?",
        "approvers": "x@fabrikam.example",
        "deadline_h": "24",
        "language": "en",
        "remind_every_h": "0",
        "key": "one",
    },
    "admin/auth/user/<id>/password/": {
        "password1": "a long passphrase 77",
        "password2": "a long passphrase 77",
        "usable_password": "true",
    },
}
POSTS: Final = sorted(
    route for route, door in routes.DOORS.items() if "POST" in door.methods and route not in UNTOLD_DOORS
)


@pytest.mark.parametrize("route", POSTS)
def test_every_button_about_a_row_is_told(world: World, untold: int, route: str) -> None:
    type(world.row("mailboxes.mailbox", "a"))._base_manager.update(outbound_transport="graph")
    url = routes.address(route, world.pk(routes.DOORS[route].model, "a"))
    world.client("operator").post(url, PLANTED | FILLED.get(route, {}))

    assert [line.actor for line in told_since(untold)][:1] == ["operator"]


@pytest.mark.parametrize("route", sorted(UNTOLD_DOORS))
def test_what_is_left_out_is_still_there(route: str) -> None:
    assert route in routes.DOORS


def test_no_line_holds_a_password(world: World, untold: int) -> None:
    route = "admin/auth/user/<id>/password/"
    world.client("operator").post(routes.address(route, world.pk("auth.user", "a")), FILLED[route])
    lines = told_since(untold)
    assert lines
    assert "passphrase" not in json.dumps([line.details for line in lines])
