"""What goes with a row that is deleted, counted instead of listed: a mailbox may take 100,000 mails with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst

Summary = tuple[list[Any], dict[str, int], set[str], list[str]]


def summarise(rows: Iterable[Model], request: HttpRequest, page: Any) -> Summary:
    """Give what Django's confirmation page shows: the rows, counts by kind, what is forbidden, what holds on to them.

    Only rows within reach come here, and everything that hangs on a row is of the same tenant.
    """
    chosen = list(rows)
    collector = NestedObjects(using=router.db_for_write(page.model), origin=rows)
    collector.collect(chosen)
    counts = {
        str(model._meta.verbose_name_plural): len(found)
        for model, found in cast(dict[type[Model], Any], collector.model_objs).items()
    }
    forbidden = {
        str(page.opts.verbose_name) for row in chosen if not page.has_delete_permission(request, row)
    }
    held = sorted({_kind(row) for row in collector.protected})
    return [_line(row) for row in chosen], counts, forbidden, held


def _line(row: Model) -> str:
    return format_html("{}: <bdi>{}</bdi>", capfirst(str(row._meta.verbose_name)), row)


def _kind(row: Any) -> str:
    return capfirst(str(row._meta.verbose_name_plural))
