"""What a person or an administrator grants an app.

Source: https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from sandbox.cloud import Cloud
from sandbox.directory import App, Person, Tenant
from sandbox.entra.delegated import not_consented
from sandbox.entra.errors import EntraError
from sandbox.entra.scopes import FOR_ADMINISTRATORS, named, short


def consent(
    cloud: Cloud,
    tenant: Tenant,
    app: App,
    person: Person,
    wanted: dict[str, list[str]],
    *,
    is_forced: bool,
    answer: str,
) -> None:
    """Grant what is missing if the person may and does. Raises EntraError.

    is_forced asks although nothing is missing (prompt=consent). answer: accept, accept_for_all, decline.
    """
    scopes = named([scope for key, names in wanted.items() if key for scope in names], app.listed_scopes)
    lacking = not_consented(app, person.oid, scopes)
    if not lacking and not is_forced:
        return
    if lacking and not person.is_admin and (not tenant.user_consent or needs_administrator(lacking)):
        raise EntraError(
            90094, "access_denied", f"The grant requires admin permission. {_asks(app, lacking)}"
        )
    if answer == "decline":
        raise declined()
    app.grant("" if answer == "accept_for_all" and person.is_admin else person.oid, scopes)
    cloud.save_app(app)


def consent_for_all(cloud: Cloud, app: App, *, scopes: list[str] | None) -> list[str]:
    """Grant for the whole organisation what the registration lists, or only these delegated permissions."""
    if scopes is None:
        delay_s = cloud.sign_ins.browser.consent_delay_s
        new = tuple(role for role in app.listed_roles if role not in app.roles)
        if delay_s and new:
            app.coming_roles, app.coming_at = new, cloud.clock.epoch() + delay_s
        app.roles = (*app.roles, *new)
        scopes = list(app.listed_scopes)
    app.grant("", scopes)
    cloud.save_app(app)
    return scopes


def revoke_consent(cloud: Cloud, app: App) -> None:
    """Take back everything, as the button on the enterprise application's page Permissions does."""
    app.roles, app.grants = (), {}
    cloud.save_app(app)


def needs_administrator(scopes: list[str]) -> bool:
    return not FOR_ADMINISTRATORS.isdisjoint(short(scope) for scope in scopes)


def declined() -> EntraError:
    return EntraError(65004, "access_denied", "User declined to consent to access the app.")


def _asks(app: App, scopes: list[str]) -> str:
    return f"Application '{app.client_id}'({app.name}) asks for {', '.join(scopes)}."
