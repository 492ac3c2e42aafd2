"""The states above a list, with how many rows wait for somebody in those that matter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

#: There may be millions of rows: counted is up to here.
MOST_COUNTED: Final = 999


def offered(request: HttpRequest, states: Iterable[tuple[Any, str]]) -> list[tuple[Any, str, bool]]:
    """Give what tickets/states.html shows: all, then each title with its query, and which is chosen."""
    asked = {f"{name}={value}" for name, value in request.GET.items() if name.startswith("state")}
    return [(_("All"), "", not asked), *((title, query, query in asked) for title, query in states)]


def counted(title: Any, rows: QuerySet[Any]) -> str:
    """Add to a title how many rows there are."""
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{title} ({f'{MOST_COUNTED}+' if count > MOST_COUNTED else count})"
