"""The views above the list: those everybody has, and the filters somebody saved for himself."""

from __future__ import annotations

from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.posted import posted
from tickets.models import SavedFilter
from tickets.models.ticket import UNSOLVED

#: What a list of tickets opens with where nobody asked for more: new and open ones.
NEEDS_ANSWER: Final = "status__in=new,open"
#: Title and what follows the question mark.
VIEWS: Final = [
    (gettext_lazy("Needs an answer"), NEEDS_ANSWER),
    (gettext_lazy("Unread"), "for_me=unread"),
    (gettext_lazy("News on what I watch"), "for_me=news"),
    (gettext_lazy("I watch"), "for_me=watched"),
    (gettext_lazy("Waiting for the customer"), "status__in=waiting"),
    (gettext_lazy("Done"), "status__in=solved,closed"),
    (gettext_lazy("All"), ""),
]
#: What it means when a view shows nothing.
EMPTY: Final = [
    (VIEWS[0][1], gettext_lazy("Nothing needs an answer: every customer has one.")),
    (VIEWS[1][1], gettext_lazy("You have read everything that is not done.")),
    (VIEWS[2][1], gettext_lazy("Nothing new on the tickets you watch.")),
    (VIEWS[3][1], gettext_lazy("You watch no ticket. Press “Watch” on one to find it here.")),
    (VIEWS[4][1], gettext_lazy("No customer owes us an answer.")),
]
#: More stand in nobody's way above a list.
MAX_FILTERS: Final = 20
#: What says where in a list one is, and not which list.
PLACES: Final = frozenset({"p", "e", "all", "_changelist_filters"})


class SavedViews:
    """Adds the views to the admin page of tickets, and the door where filters are saved and removed."""

    admin_site: Any

    def get_urls(self) -> list[Any]:
        door = self.admin_site.admin_view(posted(self.keep_filter))
        return [path("filters/", door, name="tickets_ticket_filters"), *super().get_urls()]  # type: ignore[misc]

    def keep_filter(self, request: HttpRequest) -> HttpResponse:
        """Save the filter that is on, or remove one; each person's own."""
        person = cast(User, request.user)
        own = SavedFilter.objects.filter(user=person)
        query, name = without_place(request.POST.get("query", "")), request.POST.get("name", "").strip()[:60]
        if gone := request.POST.get("remove", ""):
            own.filter(pk=int(gone) if gone.isdecimal() and len(gone) < 19 else 0).delete()
        elif not (name and query):
            messages.warning(request, _("Filter or search the list first, then give that a name."))
        elif own.exclude(name=name).count() >= MAX_FILTERS:
            messages.warning(
                request, _("You have %(n)d saved filters; remove one first.") % {"n": MAX_FILTERS}
            )
        else:
            SavedFilter.objects.update_or_create(user=person, name=name, defaults={"query": query})
        address = reverse("admin:tickets_ticket_changelist")
        return HttpResponseRedirect(f"{address}?{query}" if query else address)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)  # type: ignore[misc]
        here = without_place(request.GET.urlencode())
        changelist.empty_words = next((words for query, words in EMPTY if _same(query, here)), "")
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        here = without_place(request.GET.urlencode())
        own = SavedFilter.objects.filter(user=cast(User, request.user))
        shown = [(one.name, one.query, one.query == here, one.pk) for one in own]
        views = [(title, query, _same(query, here)) for title, query in [_mine(request), *VIEWS]]
        is_named = any(is_here for _title, _query, is_here in views) or any(one[2] for one in shown)
        more = {
            "desk_views": views,
            "saved_filters": shown,
            "here": here,
            "may_save": bool(here) and not is_named,
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})  # type: ignore[misc]


def without_place(query: str) -> str:
    """Keep what narrows and sorts a list, in one order."""
    pairs = [(name, value) for name, value in parse_qsl(query) if name not in PLACES and value]
    return urlencode(sorted(pairs))[:1000]


def _mine(request: HttpRequest) -> tuple[Any, str]:
    person = cast(User, request.user)
    return _("Assigned to me"), urlencode(
        {"assignee__id__exact": str(person.pk), "status__in": ",".join(UNSOLVED)}
    )


def _same(query: str, here: str) -> bool:
    return without_place(query) == here
