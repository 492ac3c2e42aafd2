"""A column that holds a template of mail: what it names in braces is checked when it is saved."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from mailboxes.outbound.placeholders import EXAMPLES, fault_in

#: Longer than anybody reads below or instead of an answer. Characters.
MAX_TEMPLATE: Final = 5_000
NAMED: Final = " ".join(f"{{{name}}}" for name in EXAMPLES)
# Said in the language of whoever reads the form; put together here, it would stay in the first one.
KNOWN: Final = lazy(lambda: _("These may stand in it: %(names)s.") % {"names": NAMED}, str)()


def check_template(text: str) -> None:
    """Refuse a placeholder there is not, by its name."""
    if fault := fault_in(text):
        raise ValidationError(fault, code="placeholder_unknown")


def template_field(label: Any, **more: Any) -> models.TextField[str, str]:
    """Make the column of a template of several lines; it may be blank."""
    checks = [check_template, MaxLengthValidator(MAX_TEMPLATE)]
    return models.TextField(label, **{"blank": True, "validators": checks, "help_text": KNOWN, **more})
