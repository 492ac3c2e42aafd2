"""Beside a form with templates: what the customer reads, with an example of each value, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from mailboxes.outbound.placeholders import EXAMPLES, fill


class PhrasePreview:
    """Adds the preview below the form of an admin page."""

    #: Columns that hold a template, in the order they are read.
    phrases: ClassVar[Sequence[str]] = ()
    phrases_title: ClassVar[Any] = gettext_lazy("What the customer reads")
    change_form_after_template = "mailboxes/phrases.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        form, row = context["adminform"].form, context.get("original")
        written = {
            name: form[name].value() if name in form.fields else getattr(row, name, "")
            for name in self.phrases
        }
        context |= {
            "phrases": [(name, fill(str(text or ""), EXAMPLES)) for name, text in written.items()],
            "phrases_title": self.phrases_title,
            "phrase_examples": json.dumps(EXAMPLES),
        }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
