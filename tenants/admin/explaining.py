"""An error that ends on a page of Microsoft's: nothing comes back from there, so whoever reads it pastes it here."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tenants.admin.wording import explain
from tenants.diagnosis import diagnose_token
from tenants.round_trip import return_address

#: More than any of Microsoft's pages says.
LONGEST: Final = 8000
_CODE: Final = re.compile(r"(?:AADSTS\s*)?\b([0-9]{5,8})\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"redirect URI '(https?://[^'\s]{1,500})'", re.IGNORECASE)


def explain_pasted(page: Any, request: HttpRequest) -> HttpResponse:
    """Ask for the text, and say cause, who must act and the step. Nothing of it is kept."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    pasted = request.POST.get("said", "")[:LONGEST]
    context: dict[str, Any] = {
        **page.admin_site.each_context(request),
        "title": _("An error on Microsoft's page"),
        "opts": page.opts,
    }
    if pasted.strip():
        diagnosis = diagnose_token({"error_description": _with_code(pasted)})
        context["trouble"] = explain(diagnosis)
        context["sent"] = _sent(pasted)
    return TemplateResponse(request, "tenants/explaining.html", context)


def _sent(pasted: str) -> str:
    """Give the address Microsoft says it was sent, where that is another than ours: then it was for somebody else."""
    found = _ADDRESS.search(pasted)
    return found.group(1) if found and found.group(1) != return_address() else ""


def _with_code(pasted: str) -> str:
    """Write the code as Microsoft's answers do, where only its number was copied."""
    found = _CODE.search(pasted)
    is_named = "AADSTS" in pasted.upper()
    return (
        f"AADSTS{found.group(1)}: {pasted}" if found and not is_named else pasted.replace("aadsts", "AADSTS")
    )
