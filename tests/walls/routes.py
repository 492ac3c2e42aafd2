"""Every address of the product, and the class it belongs to. An address without a class fails the build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

# The tables below are read while tests are collected, before any address has been asked for.
admin.autodiscover()

STAFF: Final = frozenset({"viewer", "agent", "admin", "stranger", "operator"})
WORKERS: Final = STAFF - {"viewer"}
ADMINS: Final = WORKERS - {"agent"}
OPERATOR: Final = frozenset({"operator"})
NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who may do what on the standard pages of a model, by role."""

    view: frozenset[str]
    add: frozenset[str]
    change: frozenset[str]
    delete: frozenset[str]


#: One line per model of the admin registry.
PAGES: Final = {
    "auth.user": Rights(view=OPERATOR, add=OPERATOR, change=OPERATOR, delete=OPERATOR),
    "tenants.alert": Rights(view=OPERATOR, add=NOBODY, change=NOBODY, delete=NOBODY),
    "tenants.tenant": Rights(view=ADMINS, add=OPERATOR, change=OPERATOR, delete=OPERATOR),
    "tenants.auditentry": Rights(view=ADMINS, add=NOBODY, change=NOBODY, delete=NOBODY),
    "tenants.membership": Rights(view=ADMINS, add=ADMINS, change=ADMINS, delete=ADMINS),
    "tenants.appregistration": Rights(view=ADMINS, add=ADMINS, change=ADMINS, delete=ADMINS),
    "mailboxes.mailbox": Rights(view=STAFF, add=ADMINS, change=ADMINS, delete=OPERATOR),
    "mailboxes.inboundmessage": Rights(view=STAFF, add=NOBODY, change=NOBODY, delete=NOBODY),
    "mailboxes.outboundmessage": Rights(view=STAFF, add=NOBODY, change=NOBODY, delete=NOBODY),
    "tickets.ticket": Rights(view=STAFF, add=NOBODY, change=WORKERS, delete=NOBODY),
    "tickets.approval": Rights(view=STAFF, add=NOBODY, change=NOBODY, delete=NOBODY),
    "tickets.approvalanswer": Rights(view=STAFF, add=NOBODY, change=NOBODY, delete=NOBODY),
    "tickets.decisionword": Rights(view=ADMINS, add=ADMINS, change=ADMINS, delete=ADMINS),
    "tickets.queue": Rights(view=STAFF, add=ADMINS, change=ADMINS, delete=ADMINS),
    "tickets.cannedanswer": Rights(view=STAFF, add=ADMINS, change=ADMINS, delete=ADMINS),
    "tickets.rule": Rights(view=ADMINS, add=ADMINS, change=ADMINS, delete=ADMINS),
    "tickets.tag": Rights(view=STAFF, add=ADMINS, change=ADMINS, delete=ADMINS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """An address about one row: whose model, who may, by which methods."""

    model: str
    roles: frozenset[str]
    methods: frozenset[str]


_POST: Final = frozenset({"POST"})
_SAFE: Final = frozenset({"GET", "HEAD"})
#: Addresses about one row besides the standard pages.
DOORS: Final = {
    "admin/auth/user/<id>/password/": Door(
        model="auth.user", roles=OPERATOR, methods=frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
    ),
    "admin/auth/user/<int:pk>/second-step/": Door(model="auth.user", roles=OPERATOR, methods=_SAFE | _POST),
    **{
        f"admin/tenants/appregistration/<int:pk>/{name}/": Door(
            model="tenants.appregistration", roles=ADMINS, methods=_POST
        )
        for name in ("test", "consent", "consent-link")
    },
    "admin/tenants/appregistration/<int:pk>/replace/": Door(
        model="tenants.appregistration", roles=ADMINS, methods=_SAFE | _POST
    ),
    **{
        f"admin/mailboxes/mailbox/<int:pk>/{name}/": Door(
            model="mailboxes.mailbox", roles=ADMINS, methods=_POST
        )
        for name in (
            "sync",
            "pause",
            "resume",
            "test",
            "folders",
            "choose",
            "confirm",
            "take_over",
            "compare",
            "file_missing",
            "signout",
            "bundle",
            "switch_on",
        )
    },
    "mailboxes/<int:pk>/sign-in/": Door(model="mailboxes.mailbox", roles=ADMINS, methods=_POST),
    "mailboxes/<int:pk>/device-code/": Door(model="mailboxes.mailbox", roles=ADMINS, methods=_SAFE),
    "admin/mailboxes/mailbox/<int:pk>/guide/": Door(
        model="mailboxes.mailbox", roles=ADMINS, methods=_SAFE | _POST
    ),
    "admin/mailboxes/mailbox/<int:pk>/examined/": Door(
        model="mailboxes.mailbox", roles=ADMINS, methods=_SAFE
    ),
    "admin/mailboxes/mailbox/registration/<int:pk>/guide/": Door(
        model="tenants.appregistration", roles=ADMINS, methods=_SAFE | _POST
    ),
    "admin/mailboxes/mailbox/registration/<int:pk>/scope/": Door(
        model="tenants.appregistration", roles=ADMINS, methods=_POST
    ),
    **{
        f"admin/mailboxes/inboundmessage/<int:pk>/{name}/": Door(
            model="mailboxes.inboundmessage", roles=WORKERS, methods=_POST
        )
        for name in ("again", "ticket")
    },
    **{
        f"admin/mailboxes/inboundmessage/mailbox/<int:pk>/{name}/": Door(
            model="mailboxes.mailbox", roles=ADMINS, methods=_POST
        )
        for name in ("preview", "start", "import_again")
    },
    "admin/mailboxes/inboundmessage/mailbox/<int:pk>/undo_import/": Door(
        model="mailboxes.mailbox", roles=ADMINS, methods=_SAFE | _POST
    ),
    "admin/mailboxes/inboundmessage/<int:pk>/rules/": Door(
        model="mailboxes.inboundmessage", roles=STAFF, methods=_SAFE
    ),
    **{
        f"admin/mailboxes/outboundmessage/<int:pk>/{name}/": Door(
            model="mailboxes.outboundmessage", roles=WORKERS, methods=_POST
        )
        for name in ("cancel", "again", "left")
    },
    **{
        f"admin/tickets/ticket/<int:pk>/{name}/": Door(model="tickets.ticket", roles=WORKERS, methods=_POST)
        for name in ("note", "answer", "draft", "quote", "people", "quick", "merge", "unmerge", "split")
    },
    # What somebody reads and follows is his own mark and nothing of the ticket's.
    **{
        f"admin/tickets/ticket/<int:pk>/{name}/": Door(model="tickets.ticket", roles=STAFF, methods=_POST)
        for name in ("watch", "look")
    },
    "admin/tickets/ticket/<int:pk>/entry/": Door(model="tickets.ticket", roles=STAFF, methods=_SAFE),
    "admin/tickets/ticket/<int:pk>/ask/": Door(model="tickets.ticket", roles=WORKERS, methods=_SAFE | _POST),
    **{
        f"admin/tickets/approval/<int:pk>/{name}/": Door(
            model="tickets.approval", roles=WORKERS, methods=_POST
        )
        for name in ("cancel", "remind")
    },
    "admin/tickets/ticket/<int:pk>/show_as/": Door(
        model="tickets.ticket", roles=WORKERS, methods=_SAFE | _POST
    ),
    "tickets/entries/<int:pk>/html/": Door(model="tickets.entry", roles=STAFF, methods=_SAFE),
    "tickets/attachments/<int:pk>/": Door(model="tickets.attachment", roles=STAFF, methods=_SAFE),
    "tickets/attachments/<int:pk>/preview/": Door(model="tickets.attachment", roles=STAFF, methods=_SAFE),
    **{
        f"tickets/attachments/<int:pk>/mail/{name}": Door(
            model="tickets.attachment", roles=STAFF, methods=_SAFE
        )
        for name in ("", "html/", "file/")
    },
    "mailboxes/ledger/<int:pk>/original/": Door(model="mailboxes.inboundmessage", roles=STAFF, methods=_SAFE),
}
#: Addresses about no row that anybody may ask for: they tell nothing of any tenant (S-29).
PUBLIC: Final = {
    "",
    "healthz",
    "readyz",
    "metrics",
    "oauth/callback/",
    "consent/done/",
    "consent/<str:token>/",
    "oauth/staff/",
    "oauth/staff/start/",
    "admin/login/",
    "admin/login/code/",
    "admin/logout/",
    "admin/jsi18n/",
    "calendar/<str:token>.ics",
}
#: Addresses about no row, for whoever is staff; what they show is narrowed to his tenants.
FOR_STAFF: Final = {
    "admin/",
    "admin/search/",
    "admin/autocomplete/",
    "admin/mailboxes/mailbox/radar/",
    "admin/mailboxes/mailbox/radar/calendar/make/",
    # Of no tenant: it explains what is pasted.
    "admin/tenants/appregistration/explain/",
    "admin/mailboxes/mailbox/radar/calendar/revoke/",
    "admin/tickets/ticket/filters/",
    "admin/confirm/",
    "admin/second-step/",
    "admin/language/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/(?P<app_label>auth|tenants|mailboxes|tickets)/$",
    "admin/(?P<url>.*)$",
}
#: Closed for everybody: it would tell which rows exist.
CLOSED: Final = {
    "admin/r/<int:content_type_id>/<path:object_id>/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
}
STANDARD: Final = {
    "<path:object_id>/history/": "view",
    "<path:object_id>/delete/": "delete",
    "<path:object_id>/change/": "change",
    "<path:object_id>/": "view",
}


def every_route() -> list[str]:
    return list(_routes(get_resolver().url_patterns))


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def standard_doors() -> dict[str, tuple[str, str]]:
    """Give the standard pages about one row: route → (model, name of the right)."""
    return {
        f"{_page(label)}{tail}": (label, right) for label in registered() for tail, right in STANDARD.items()
    }


def lists() -> dict[str, tuple[str, str]]:
    """Give the pages about a model: route → (model, name of the right)."""
    return {
        f"{_page(label)}{tail}": (label, right)
        for label in registered()
        for tail, right in (("", "view"), ("add/", "add"))
    }


def registry() -> dict[Any, Any]:
    """Give the admin pages by model; they register themselves with the URLconf."""
    every_route()
    return dict(admin.site._registry)


def registered() -> list[str]:
    return [model._meta.label_lower for model in registry()]


def _page(label: str) -> str:
    return f"admin/{label.replace('.', '/')}/"


def address(route: str, pk: int | None = None) -> str:
    """Fill a route in."""
    for hole in ("<int:pk>", "<path:object_id>", "<id>"):
        route = route.replace(hole, str(pk))
    route = route.replace("(?P<app_label>auth|tenants|mailboxes|tickets)", "tickets").replace(
        "(?P<url>.*)", "x"
    )
    return f"/{route.removesuffix('$')}"
