"""The setup guides as pages, read from rows so that they answer at once, and the proof of a registration's limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.guide import facts_of, facts_of_mailbox, guide_of, guide_of_mailbox
from mailboxes.models import Mailbox
from mailboxes.reachability import try_hosts
from mailboxes.scope_proof import prove_scope
from mailboxes.sides import sending_side
from tenants.admin.wording import explain
from tenants.errors import IntegrationError
from tenants.models import AppRegistration, ScopeProof
from tenants.reach import ADMINS, within
from tenants.setup.guide import Facts, State, Step

STATES = {
    State.DONE: ("success", gettext_lazy("done")),
    State.OPEN: ("warning", gettext_lazy("to do")),
    State.UNKNOWN: ("calm", gettext_lazy("cannot be checked from here")),
}


def prove_scope_now(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Try the control mailbox, and go back to where the result stands with its date."""
    registration = _within_reach(request, pk)
    if registration.control_address:
        proof = prove_scope(registration, by=request.user)
        tell = messages.success if proof.result == ScopeProof.Result.REFUSED else messages.warning
        tell(
            request,
            _("Tried %(address)s: %(result)s.")
            % {"address": proof.address, "result": proof.get_result_display()},
        )
    return HttpResponseRedirect(reverse("admin:tenants_appregistration_change", args=[pk]))


def _within_reach(request: HttpRequest, pk: int) -> AppRegistration:
    rows = within(request, AppRegistration.objects.select_related("tenant"), ADMINS)
    registration: AppRegistration | None = rows.filter(pk=pk).first()
    if registration is None:
        raise Http404
    return registration


def show_guide(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the customer's administrator has to do for one registration, with its values to copy."""
    registration = _within_reach(request, pk)
    return _shown(
        page,
        request,
        registration,
        title=_("Setup guide of %(name)s") % {"name": registration.name},
        guide=lambda: guide_of(registration),
        facts=lambda: facts_of(registration),
    )


def show_mailbox_guide(page: Any, request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Show what has to be done for one mailbox."""
    return _shown(
        page,
        request,
        mailbox.registration,
        title=_("Setup guide of %(name)s") % {"name": mailbox.address},
        guide=lambda: guide_of_mailbox(mailbox),
        facts=lambda: facts_of_mailbox(mailbox),
        mailbox=mailbox,
    )


def _shown(
    page: Any,
    request: HttpRequest,
    registration: AppRegistration,
    *,
    title: str,
    guide: Callable[[], list[Step]],
    facts: Callable[[], Facts],
    mailbox: Mailbox | None = None,
) -> HttpResponse:
    """Show the steps; only a press on the button tries the hosts they name."""
    context: dict[str, Any] = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts if mailbox else AppRegistration._meta,
        "object": mailbox or registration,
        "registration": registration,
        "mailbox": mailbox,
        "sending_registration": sending_side(mailbox).registration if mailbox else registration,
    }
    try:
        context["steps"] = [(step, *STATES[step.state]) for step in guide()]
        if request.method == "POST":
            context["reached"] = [
                {"name": one.name, "place": one.place, "trouble": explain(one.diagnosis)}
                for one in try_hosts(facts())
            ]
    except IntegrationError as error:
        context["trouble"] = explain(error.diagnosis)
    return TemplateResponse(request, "mailboxes/guide.html", context)
