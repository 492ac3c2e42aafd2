"""Every address × every method × every role × own, foreign and missing rows (S-01)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from tests.walls import routes
from tests.walls.world import CANARIES, MISSING, OUTSIDERS, REACH, World, snapshot, undone

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE")
#: What a page answers to those who may not: no such row, not allowed, not this way.
REFUSALS: Final = {302, 403, 404, 405}
DOORS: Final = {
    **{route: (door.model, door.roles, door.methods) for route, door in routes.DOORS.items()},
    **{
        route: (label, getattr(routes.PAGES[label], right), frozenset(METHODS))
        for route, (label, right) in routes.standard_doors().items()
        if label in routes.PAGES
    },
}
#: Everything a form of ours asks for, filled in by somebody who wishes ill.
PLANTED: Final = {
    "post": "yes",
    "text": "planted",
    "status": "closed",
    "name": "planted",
    "role": "admin",
    "is_superuser": "on",
    "username": "planted",
    "paused": "staff",
    "folder": "AAMk=\nplanted",
    "purpose": "move_to",
    "_continue": "1",
}
#: Status, body, where it leads, what it says on the next page.
Face = tuple[int, str, str, str]
_NOISE: Final = re.compile(r'(name="csrfmiddlewaretoken" value="|nonce=")[^"]*')


def test_every_address_belongs_to_a_class() -> None:
    known = {*DOORS, *routes.lists(), *routes.PUBLIC, *routes.FOR_STAFF, *routes.CLOSED}

    assert set(routes.every_route()) - known == set(), "classify it in tests/walls/routes.py"
    assert known - set(routes.every_route()) == set(), "is not there any more"
    assert set(routes.registered()) == set(routes.PAGES)


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the matrix: somebody asks for a row in some way."""

    route: str
    role: str
    method: str
    whose: str

    @property
    def is_own(self) -> bool:
        return self.whose in REACH[self.role]

    @property
    def is_allowed(self) -> bool:
        _label, roles, _methods = DOORS[self.route]
        return self.is_own and self.role in roles

    @property
    def may_change(self) -> bool:
        return self.is_allowed and self.method == "POST"


@pytest.mark.parametrize("route", DOORS)
def test_rows_answer_those_of_their_tenant_and_nobody_else(world: World, route: str) -> None:
    before = {whose: snapshot(world.tenant(whose)) for whose in CANARIES}
    for role in REACH:
        client = world.client(role)
        for method in METHODS:
            missing = face(ask(client, method, routes.address(route, MISSING), PLANTED), MISSING)
            for whose in CANARIES:
                cell = Cell(route, role, method, whose)
                with undone() as done:
                    pk = world.pk(DOORS[route][0], whose)
                    answer = ask(client, method, routes.address(route, pk), {} if cell.is_own else PLANTED)
                    judge(cell, answer, face(answer, pk), missing)
                    if done.has_written and not cell.may_change:
                        assert snapshot(world.tenant(whose)) == before[whose], cell


def judge(cell: Cell, answer: Any, shown: Face, missing: Face) -> None:
    """Fail unless the answer is the one for this square."""
    if cell.role in OUTSIDERS:
        assert is_sent_to_sign_in(answer), (cell, shown)
    elif not cell.is_own:
        assert shown == missing, cell
    elif cell.is_allowed and cell.method in DOORS[cell.route][2]:
        assert answer.status_code == 200 or is_done(answer), (cell, shown)
    elif cell.method == "POST":
        assert answer.status_code in REFUSALS, (cell, shown)
    names_nobody_else(shown, REACH[cell.role], cell)


def ask(client: Client, method: str, url: str, form: dict[str, str]) -> Any:
    client.cookies.pop("messages", None)  # what was said about the row before
    send = getattr(client, method.lower())
    return send(url, form) if method == "POST" else send(url)


def face(answer: Any, pk: int) -> Face:
    """Give what an answer shows, without what differs each time and the id that was asked for."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    told = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    texts = (body.decode("utf-8", "replace"), answer.headers.get("Location", ""), told)
    return answer.status_code, *(re.sub(rf"(?<!utf-)\b{pk}\b", "ID", _NOISE.sub("", text)) for text in texts)


def is_sent_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "/admin/login/" in answer.headers["Location"]


def is_done(answer: Any) -> bool:
    return answer.status_code == 302 and answer.headers["Location"] not in {"/admin/", "/admin/login/"}


def names_nobody_else(shown: Face, reach: str, asked: object) -> None:
    """Fail when an answer, or what it tells on the next page, names a tenant out of reach."""
    for whose, canary in CANARIES.items():
        if whose not in reach:
            assert canary not in "".join(shown[1:]), (asked, canary)
