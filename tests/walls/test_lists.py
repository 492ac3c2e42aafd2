"""Lists, forms and whatever else shows many rows: what is asked for in whatever way, only own rows answer."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from tests.walls import routes
from tests.walls.test_matrix import (
    METHODS,
    PLANTED,
    REFUSALS,
    ask,
    face,
    is_done,
    is_sent_to_sign_in,
    names_nobody_else,
)
from tests.walls.world import CANARIES, MISSING, OUTSIDERS, REACH, World, snapshot, undone

#: Ways to ask a list for more than it offers (S-02, S-05, S-11). {a} and {b} are the ids of the two tenants.
QUESTIONS: Final = (
    "?tenant__id__exact={other}",
    "?tenant={other}",
    "?tenant__name__startswith=z",
    "?q=zebra",
    "?q=quokka",
    "?all=1",
    "?o=1&p=1",
    "?_facets=True",
    "?_popup=1&_to_field=id",
    "?_to_field=tenant",
    "?_changelist_filters=tenant%3D{other}",
    "?queue__id__exact={other}&mailbox__id__exact={other}",
    "?reply_token__startswith=a",
    "?password__startswith=a",
    "?registration__credentials__secret__material__regex=.",
)
RELATIONS: Final = [
    (field.model._meta, field.name)
    for model in apps.get_models()
    for field in model._meta.get_fields()
    if isinstance(field, ForeignKey)
]


@pytest.mark.parametrize("route", routes.lists())
def test_pages_about_a_model_are_open_to_the_roles_that_may_and_show_own_rows(
    world: World, route: str
) -> None:
    label, right = routes.lists()[route]
    before = {whose: snapshot(world.tenant(whose)) for whose in CANARIES}
    for role in REACH:
        client, is_allowed = world.client(role), role in getattr(routes.PAGES[label], right)
        for method in METHODS:
            cell = (route, role, method)
            with undone() as done:
                answer = ask(client, method, f"/{route}", PLANTED)
                if done.has_written:
                    assert {whose: snapshot(world.tenant(whose)) for whose in CANARIES} == before, cell
            if role in OUTSIDERS:
                assert is_sent_to_sign_in(answer), cell
            elif is_allowed:
                is_refused = method == "POST" and answer.status_code == 400  # for what was planted in it
                assert answer.status_code == 200 or is_done(answer) or is_refused, (cell, answer.status_code)
            else:
                assert answer.status_code in REFUSALS, (cell, answer.status_code)
            names_nobody_else(face(answer, MISSING), REACH[role], cell)


@pytest.mark.parametrize("label", routes.registered())
def test_no_question_to_a_list_is_answered_with_foreign_rows(world: World, label: str) -> None:
    """S-02, S-05, S-11."""
    for role in ("newcomer", "viewer", "agent", "admin", "stranger"):
        client = world.client(role)
        other = world.tenant("a" if role == "stranger" else "b").pk
        for question in QUESTIONS:
            url = f"/admin/{label.replace('.', '/')}/{question.format(other=other)}"
            answer = client.get(url)
            assert answer.status_code in {200, 302, 400, 403}, (role, url, answer.status_code)
            names_nobody_else(face(answer, MISSING), REACH[role], (role, url))


@pytest.mark.parametrize("role", REACH)
def test_autocompletion_offers_own_rows_only(world: World, role: str) -> None:
    """S-07."""
    client = world.client(role)
    for meta, name in RELATIONS:
        for term in ("", "zebra", "quokka"):
            asked = {"app_label": meta.app_label, "model_name": meta.model_name, "field_name": name}
            answer = client.get("/admin/autocomplete/", {**asked, "term": term, "page": 1})
            assert answer.status_code in {200, 302, 403}, (role, asked)
            assert role not in OUTSIDERS or is_sent_to_sign_in(answer), (role, asked)
            names_nobody_else(face(answer, MISSING), REACH[role], (role, asked))


def actions() -> list[tuple[str, str]]:
    """Give every action of every list: (model, action)."""
    pages = routes.registry().items()
    named = (
        (model, action) for model, page in pages for action in ["delete_selected", *(page.actions or ())]
    )
    return [
        (model._meta.label_lower, action if isinstance(action, str) else action.__name__)
        for model, action in named
    ]


@pytest.mark.parametrize(("label", "action"), actions())
def test_actions_leave_foreign_rows_alone_whatever_is_selected(world: World, label: str, action: str) -> None:
    """S-08."""
    form: dict[str, Any] = {"action": action, "post": "yes", "select_across": "1", "index": "0"}
    url = f"/admin/{label.replace('.', '/')}/"
    for role, other in (
        ("viewer", "b"),
        ("agent", "b"),
        ("admin", "b"),
        ("stranger", "a"),
        ("newcomer", "b"),
    ):
        before = snapshot(world.tenant(other))
        with undone():
            form["_selected_action"] = [world.pk(label, whose) for whose in CANARIES]
            answer = world.client(role).post(url, form, follow=True)
            assert snapshot(world.tenant(other)) == before, (role, label, action)
        names_nobody_else(face(answer, MISSING), REACH[role], (role, label, action))


@pytest.mark.parametrize("route", sorted(routes.FOR_STAFF))
def test_pages_about_nothing_in_particular_are_for_staff_and_show_own_rows(world: World, route: str) -> None:
    for role in REACH:
        client = world.client(role)
        for method in METHODS:
            answer = ask(client, method, routes.address(route), PLANTED | {"s": "zebra", "q": "zebra"})
            assert role not in OUTSIDERS or is_sent_to_sign_in(answer), (role, method)
            assert answer.status_code < 500, (role, method)
            names_nobody_else(face(answer, MISSING), REACH[role], (role, method))


@pytest.mark.parametrize("term", ["zebra", "quokka", "", "e"])
def test_search_over_everything_finds_own_rows_only(world: World, term: str) -> None:
    for role in REACH:
        for more in ({}, {"extended": "1"}):
            answer = world.client(role).get("/admin/search/", {"s": term, **more})
            assert role not in OUTSIDERS or is_sent_to_sign_in(answer), role
            names_nobody_else(face(answer, MISSING), REACH[role], (role, term))


@pytest.mark.parametrize("route", sorted(routes.CLOSED))
def test_closed_addresses_answer_nobody(world: World, route: str) -> None:
    url = route.replace("<int:content_type_id>", "1").replace("<path:content_type_id>", "1")
    for role in REACH:
        client = world.client(role)
        answers = [
            ask(client, "GET", f"/{url.replace('<path:object_id>', str(pk))}", {})
            for pk in (world.tenant("a").pk, MISSING)
        ]
        assert {answer.status_code for answer in answers} <= {302, 404}, role
        assert answers[0].status_code == answers[1].status_code, role


@pytest.mark.parametrize("route", sorted(routes.PUBLIC))
def test_what_anybody_may_ask_for_tells_of_no_tenant(world: World, route: str) -> None:
    """S-29."""
    for role in (*OUTSIDERS, "newcomer"):
        client = world.client(role)
        for method in METHODS:
            answer = ask(client, method, f"/{route}", PLANTED)
            assert answer.status_code < 500 or route == "readyz", (role, method)
            names_nobody_else(face(answer, MISSING), "", (role, method))
