"""Pages in the language of whoever reads them: what he chose for his account, else what his browser asks for."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_noop

from m365integration.models import Preference
from tenants.posted import posted

#: Where the session keeps the choice, so that it costs no query of each page.
CHOICE: Final = "_language"
#: Texts of Django that its own German words otherwise than everything here does.
REWORDED: Final = (
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Save as new"),
    gettext_noop("History"),
    gettext_noop("Filters"),
)


class PersonsLanguage(LocaleMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        chosen = request.session.get(CHOICE)
        # A language that was shipped when it was chosen need not be shipped now.
        if chosen not in dict(settings.LANGUAGES):
            super().process_request(request)
            return
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen


@receiver(user_logged_in)
def recall(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Bring the choice of the account into the new session."""
    chosen = Preference.objects.filter(user=user).values_list("language", flat=True).first()
    if chosen:
        request.session[CHOICE] = chosen


@partial(posted, page="admin:index")
def choose(request: HttpRequest) -> HttpResponse:
    """Keep a person's language for his account, and go back to the page he read."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES) and isinstance(request.user, User):
        Preference.objects.update_or_create(user=request.user, defaults={"language": chosen})
        request.session[CHOICE] = chosen
    page = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(page if is_ours else "/admin/")
