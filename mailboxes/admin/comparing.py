"""What the page of a mailbox does about mail that is in the folder and not in the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mailboxes.inbound import reconcile
from mailboxes.models import Folder, Mailbox
from tenants.errors import IntegrationError
from tenants.wording import told


def compare_now(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the folder with the ledger; what is missing is shown on the mailbox's page."""
    try:
        found = reconcile.compare(page.own_mailbox(request, pk))
    except IntegrationError as error:
        messages.error(request, told(error.diagnosis))
    else:
        if not found["missing"]:
            messages.success(request, _("Every mail in the folder that is wanted is in the ledger."))
    return _back(page, pk)


def file_missing_now(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    reconcile.file_missing(page.own_mailbox(request, pk), by=request.user)
    messages.success(
        request,
        _("The folder is being walked from its start; what is missing is filed, and nothing is answered."),
    )
    return _back(page, pk)


def comparison_of(mailbox: Mailbox) -> dict[str, Any]:
    """Give what the card above the form shows of the last comparison."""
    rows = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX)
    folder = rows.values("compared_at", "comparison").first() or {}
    return {"compared_at": folder.get("compared_at"), "comparison": folder.get("comparison")}


def _back(page: Any, pk: int) -> HttpResponse:
    answer: HttpResponse = page.back_to(pk)
    return answer
