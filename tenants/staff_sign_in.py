"""Flow: a member of staff signs in with Microsoft instead of a password; off until the settings name an application.

Who that is follows from directory and object id of a known account alone, never from an address (S-53).
"""

from __future__ import annotations

import hmac
import logging
import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse

from tenants.errors import IntegrationError
from tenants.microsoft.claims import Account
from tenants.microsoft.clouds import cloud
from tenants.microsoft.credentials import SecretCredential
from tenants.microsoft.identity import GRAPH
from tenants.microsoft.user_tokens import Client, Handshake, begin, redeem, scopes_of
from tenants.models import StaffIdentity
from tenants.proof import note_proof, way_back
from tenants.redaction import remember
from tenants.round_trip import LIFE, digest, new_state
from tenants.signing_in import BACKEND, MUST

log = logging.getLogger(__name__)
_KEPT: Final = "_staff_sign_in"
_LONGEST: Final = 4096


class NotAdmitted(Exception):
    """This browser is signed in as nobody; it is told no more, the log knows why."""


def is_on() -> bool:
    return bool(settings.STAFF_SIGN_IN_CLIENT_ID)


def send_away(request: HttpRequest) -> str:
    """Begin: give the address at Microsoft, and keep in the session what the answer is proved by."""
    state, client = new_state(), _client()
    scopes = scopes_of(client.cloud, GRAPH, ["User.Read"])
    address, handshake = begin(client, redirect_uri=_return_address(), scopes=scopes, state=state)
    request.session[_KEPT] = {
        "state": digest(state),
        "nonce": handshake.nonce,
        "verifier": handshake.verifier,
        "scopes": list(scopes),
        "until_s": int(time.time() + LIFE.total_seconds()),
        "next": way_back(request),
    }
    return address


def admit(request: HttpRequest) -> str:
    """Sign in whoever comes back, and give where he was going. Raises NotAdmitted."""
    kept = _take(request)
    account = _prove(request, kept)
    person = _known(account)
    if person is None:
        log.warning("a Microsoft account nobody here has wanted in", extra={"oid": account.oid})
        raise NotAdmitted
    if request.user.is_authenticated and request.user.pk != person.pk:
        log.warning("another Microsoft account came back than that of who is signed in")
        raise NotAdmitted
    login(request, person, backend=BACKEND)
    request.session.pop(MUST, None)  # asked for by an earlier sign-in with a password
    note_proof(request)
    return str(kept["next"])


def _take(request: HttpRequest) -> dict[str, Any]:
    """Use up what was kept: an answer is good once, for the browser it was begun in, for ten minutes."""
    kept: dict[str, Any] | None = request.session.pop(_KEPT, None)
    states = request.GET.getlist("state")
    if kept is None or len(states) != 1 or len(states[0]) > _LONGEST or kept["until_s"] < time.time():
        raise NotAdmitted
    if not hmac.compare_digest(digest(states[0]), kept["state"]):
        raise NotAdmitted
    return kept


def _prove(request: HttpRequest, kept: dict[str, Any]) -> Account:
    codes = request.GET.getlist("code")
    if len(codes) != 1 or not 0 < len(codes[0]) <= _LONGEST:
        raise NotAdmitted
    remember(codes[0])
    handshake = Handshake(
        redirect_uri=_return_address(),
        scopes=tuple(kept["scopes"]),
        nonce=kept["nonce"],
        verifier=kept["verifier"],
    )
    try:
        account = redeem(_client(), handshake=handshake, code=codes[0]).account
    except IntegrationError as error:
        log.warning("sign-in with Microsoft refused: %s", error.code)
        raise NotAdmitted from None
    if account is None:
        raise NotAdmitted
    return account


def _known(account: Account) -> User | None:
    rows = StaffIdentity.objects.filter(directory_id=account.directory_id, object_id=account.oid)
    found = rows.filter(user__is_active=True, user__is_staff=True).select_related("user").first()
    return found.user if found is not None else None


def _client() -> Client:
    return Client(
        cloud=cloud(settings.STAFF_SIGN_IN_CLOUD),
        directory_id=settings.STAFF_SIGN_IN_DIRECTORY_ID,
        client_id=settings.STAFF_SIGN_IN_CLIENT_ID,
        credential=SecretCredential(settings.STAFF_SIGN_IN_CLIENT_SECRET),
    )


def _return_address() -> str:
    return settings.PUBLIC_URL + reverse("tenants:staff_callback")
