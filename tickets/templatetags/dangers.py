"""Warnings on files that can do harm."""

from typing import Final

from django import template
from django.utils.translation import gettext_lazy as _

from tickets.policies.dangers import danger

register = template.Library()

WARNINGS: Final = {
    "disguised": _("A program that poses as a document. Do not open it."),
    "program": _("A program: it runs when it is opened."),
    "disk": _("A disk image: it can hold programs that run when they are opened."),
    "macros": _("A document with macros: they can run programs."),
}


@register.filter
def warning(name: str) -> str:
    """Give the warning on a file of this name; "" when there is none."""
    return str(WARNINGS.get(danger(name), ""))
