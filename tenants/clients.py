"""Flow: let a person sign in through a registration, with whichever of its credentials Entra still takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from tenants.app_tokens import credentials_of
from tenants.errors import CredentialUnusable, IntegrationError, TokenRefused
from tenants.microsoft.clouds import cloud
from tenants.microsoft.user_tokens import Client
from tenants.models import AppRegistration
from tenants.whom import for_its_tenant

Answer = TypeVar("Answer")
#: Refusals of the application's own credential: the next one may be taken, and the person's code is not used up.
_OF_CREDENTIAL: Final = frozenset(
    {
        "AADSTS7000215",
        "AADSTS7000222",
        "AADSTS70002",
        "AADSTS700027",
        "AADSTS700030",
        "AADSTS50012",
    }
)


@for_its_tenant
def ask_as(
    registration: AppRegistration, ask: Callable[[Client], Answer], *, is_public: bool = False
) -> Answer:
    """Ask Entra as this registration.

    A public client shows no credential, and neither does a registration that has none. Raises what Entra said to
    the newest credential when it takes none of them.
    """
    refused: IntegrationError | None = None
    for credential in () if is_public else credentials_of(registration):
        try:
            return ask(_client(registration, credential=credential.open()))
        except (TokenRefused, CredentialUnusable) as error:
            if isinstance(error, TokenRefused) and error.code not in _OF_CREDENTIAL:
                raise
            refused = refused or error
    if refused is not None:
        raise refused
    return ask(_client(registration))


@for_its_tenant
def has_credential(registration: AppRegistration) -> bool:
    return bool(credentials_of(registration))


def _client(registration: AppRegistration, **proof: object) -> Client:
    tenant = registration.tenant
    return Client(
        cloud=cloud(tenant.cloud),
        directory_id=tenant.directory_id,
        client_id=registration.client_id,
        **proof,  # type: ignore[arg-type]
    )
