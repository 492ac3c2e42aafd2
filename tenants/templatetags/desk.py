"""Times and sizes as people read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.db.models import Model
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.staff_sign_in import is_on

register = template.Library()


@register.simple_tag
def staff_signs_in_with_microsoft() -> bool:
    """Tell whether the sign-in page offers it."""
    return is_on()


MINUTE, HOUR, DAY = 60, 3600, 86400


@register.filter
def ago(moment: datetime | None) -> str:
    """Say how long ago, or in how long; the exact time shows on hover. A dash for None."""
    if moment is None:
        return "–"
    exact = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, distance(moment)
    )


@register.filter
def since(moment: datetime) -> str:
    """Say for how long, as after "for" or "since"; the exact time shows on hover."""
    exact = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    span = _span(max(0, (timezone.now() - moment).total_seconds()))
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, span)


def distance(moment: datetime, *, now: datetime | None = None) -> str:
    """Word the distance to a moment: "just now", "5 min ago", "in 40 s"; the date when it is over a week."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if abs(seconds) >= 7 * DAY:
        return date_format(timezone.localtime(moment), "DATE_FORMAT")
    if 0 <= seconds < 10:
        return _("just now")
    span = _span(abs(seconds))
    return _("%(span)s ago") % {"span": span} if seconds > 0 else _("in %(span)s") % {"span": span}


def _span(seconds: float) -> str:
    if seconds < MINUTE:
        return _("%(n)d s") % {"n": seconds}
    if seconds < HOUR:
        return _("%(n)d min") % {"n": seconds // MINUTE}
    if seconds < DAY:
        return _("%(n)d h") % {"n": seconds // HOUR}
    return _("%(n)d d") % {"n": seconds // DAY}


@register.filter
def crumbs(parts: list[Any]) -> list[Any]:
    """Leave out the room a page is in: “Tickets › Tickets” says nothing, and a phone has no place for it."""
    return parts[1:] or parts


@register.filter
def heading(title: Any) -> str:
    """Begin a word of ours with a capital; the name of a row, an address perhaps, stays as it is."""
    return str(title) if isinstance(title, Model) else capfirst(str(title))


@register.filter
def size(size_bytes: int) -> str:
    return filesizeformat(size_bytes)


@register.filter
def initials(person: Any) -> str:
    """Give up to two letters that stand for a person."""
    letters = [word[0] for word in str(person).replace("@", " ").split() if word[0].isalnum()]
    return "".join(letters[:2]).upper() or "?"
