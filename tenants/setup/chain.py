"""The part of an examination that a registration's mailboxes share: hosts, clock, directory, credential, sign-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.core.exceptions import ObjectDoesNotExist

from tenants import app_tokens
from tenants.errors import CredentialUnusable, IntegrationError, Misconfigured, TokenRefused
from tenants.microsoft.clouds import Cloud, cloud
from tenants.microsoft.credentials import SecretCredential, is_secret_id
from tenants.microsoft.hosts import Reached, find_directory, reach_graph, reach_login
from tenants.microsoft.identity import AppToken, acquire_app_token
from tenants.models import AppRegistration, Credential
from tenants.models.credential import WARN_DAYS
from tenants.setup.check import Check, failed, not_reached, passed, warned

STEPS: Final = ("login_host", "graph_host", "clock", "directory", "credential", "token")
MAX_SKEW: Final = timedelta(minutes=5)
NOTED_SKEW: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Chain:
    """The checks in their order; `token` is the one Entra gave just now, None when it gave none."""

    checks: list[Check] = field(default_factory=list)
    token: AppToken | None = None


def examine_registration(registration: AppRegistration) -> Chain:
    """Look at everything before the mailbox, with a token asked for now; nothing is remembered of an earlier try."""
    chain = Chain()
    try:
        where = _cloud_of(registration)
    except IntegrationError as error:
        chain.checks = [failed(STEPS[0], error), *not_reached(STEPS[1:])]
        return chain
    login = _reached(chain, "login_host", reach_login, where)
    graph = _reached(chain, "graph_host", reach_graph, where)
    chain.checks.append(_clock([one for one in (login, graph) if one is not None]))
    is_there = login is not None and _find_directory(chain, registration, where)
    if login is None:
        chain.checks += not_reached(["directory"])
    chain.checks.append(look_at_credential(registration))
    if is_there:
        _sign_in(chain, registration, where)
    else:
        chain.checks += not_reached(["token"])
    return chain


def _cloud_of(registration: AppRegistration) -> Cloud:
    if not registration.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    return cloud(registration.tenant.cloud)


def _reached(chain: Chain, step: str, reach: Callable[[Cloud], Reached], where: Cloud) -> Reached | None:
    try:
        found = reach(where)
    except IntegrationError as error:
        chain.checks.append(failed(step, error))
        return None
    chain.checks.append(passed(step, found.host))
    return found


def _clock(reached: Sequence[Reached]) -> Check:
    if not reached:
        return not_reached(["clock"])[0]
    worst = max((one.skew for one in reached), key=abs)
    detail = _in_words(worst)
    if abs(worst) > MAX_SKEW:
        return failed("clock", Misconfigured.own("clock_skew", detail=detail), detail=detail)
    return (
        warned("clock", "clock_drift", detail=detail) if abs(worst) > NOTED_SKEW else passed("clock", detail)
    )


def _in_words(skew: timedelta) -> str:
    seconds = round(skew.total_seconds())
    if abs(seconds) < 2:
        return "in step with Microsoft"
    return f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} Microsoft"


def _find_directory(chain: Chain, registration: AppRegistration, where: Cloud) -> bool:
    directory_id = registration.tenant.directory_id
    try:
        find_directory(where, directory_id)
    except IntegrationError as error:
        chain.checks.append(failed("directory", error, detail=directory_id))
        return False
    chain.checks.append(passed("directory", directory_id))
    return True


def look_at_credential(registration: AppRegistration) -> Check:
    """Judge the newest credential by what is stored, without asking anybody."""
    newest = registration.credentials.select_related("secret").order_by("-pk").first()
    if newest is None:
        return failed("credential", CredentialUnusable.own("secret_missing"))
    try:
        opened = newest.open()
        opened.for_msal()
    except ObjectDoesNotExist:
        return failed("credential", CredentialUnusable.own("secret_missing"))
    except IntegrationError as error:
        return failed("credential", error)
    if isinstance(opened, SecretCredential) and is_secret_id(opened.value):
        return failed("credential", CredentialUnusable.own("secret_is_id"))
    if opened.is_expired():
        return failed("credential", CredentialUnusable.own("certificate_expired"))
    return _dated(newest)


def _dated(credential: Credential) -> Check:
    days = credential.days_left()
    if days is None:
        return warned("credential", "credential_undated", detail=str(credential))
    detail = f"{credential}, expires on {credential.expires_on}"
    if days < 0:
        return warned("credential", "credential_date_passed", detail=detail)
    if days < WARN_DAYS:
        return warned("credential", "credential_ending", detail=detail)
    return passed("credential", detail)


def _sign_in(chain: Chain, registration: AppRegistration, where: Cloud) -> None:
    """Try each credential, newest first, until Entra takes one."""
    refused: IntegrationError | None = None
    for credential in registration.credentials.select_related("secret").order_by("-pk"):
        try:
            chain.token = _token(registration, credential, where)
        except (TokenRefused, CredentialUnusable) as error:
            refused = refused or error
            continue
        except IntegrationError as error:
            refused = refused or error
        break
    chain.checks.append(_signed_in(chain.token, refused))
    if chain.token is not None:
        # Workers go on with this moment's permissions instead of those an older token carries.
        app_tokens.replace_by(registration, chain.token)


def _token(registration: AppRegistration, credential: Credential, where: Cloud) -> AppToken:
    return acquire_app_token(
        cloud=where,
        directory_id=registration.tenant.directory_id,
        client_id=registration.client_id,
        credential=credential.open(),
        fresh=True,
    )


def _signed_in(token: AppToken | None, refused: IntegrationError | None) -> Check:
    if token is None:
        return failed("token", refused or CredentialUnusable.own("secret_missing"))
    if refused is not None:
        return warned("token", "credential_newest_refused", detail=refused.code)
    return passed("token", "Entra gave a fresh token")
