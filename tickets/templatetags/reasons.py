"""Reasons of decisions in the language of the page."""

from django import template

from tickets.wording import reason as worded

register = template.Library()


@register.filter
def reason(text: str) -> str:
    """Give a reason that a row keeps in English."""
    return worded(str(text or ""))
