"""The registration a request names, and which accounts it is for."""

from sandbox.cloud import Cloud
from sandbox.directory import App, Tenant
from sandbox.entra.errors import EntraError


def find_app(cloud: Cloud, tenant: Tenant, client_id: str) -> App:
    app = cloud.directory.app(tenant.directory_id, client_id)
    if app is None:
        raise EntraError(
            700016,
            "unauthorized_client",
            f"Application with identifier '{client_id}' was not found in the directory '{tenant.name}'. This can happen"
            " if the application has not been installed by the administrator of the tenant or consented to by any user"
            " in the tenant. You may have sent your authentication request to the wrong tenant.",
        )
    if app.disabled:
        raise EntraError(
            7000112, "unauthorized_client", f"Application '{client_id}'({app.name}) is disabled."
        )
    if app.audience == "PersonalMicrosoftAccount":
        raise EntraError(
            9002331,
            "invalid_request",
            f"Application '{client_id}'({app.name}) is configured for use by Microsoft Account users only. Please use"
            " the /consumers endpoint to serve this request.",
        )
    return app
