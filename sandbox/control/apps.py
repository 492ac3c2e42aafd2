"""Change what an app may do and how it proves itself."""

from pathlib import Path

from sandbox.clock import read_time
from sandbox.cloud import Cloud, read_scope
from sandbox.control.errors import ControlError
from sandbox.directory import AUDIENCES, App, Secret
from sandbox.entra.consents import consent_for_all, revoke_consent
from sandbox.scenario import read_certificate
from sandbox.wire import Json

Names = dict[str, str]


def change(cloud: Cloud, names: Names, body: Json) -> Json:
    """Set any of disabled, roles, scope (null takes it away), token_life_s, and what the registration says."""
    app = _app(cloud, names)
    if "disabled" in body:
        app.disabled = bool(body["disabled"])
    if "roles" in body:
        app.roles = tuple(body["roles"])
    if "scope" in body:
        app.scope = read_scope(body["scope"]) if body["scope"] else None
    if "token_life_s" in body:
        app.token_life_s = int(body["token_life_s"])
    for name in ("redirect_uris", "listed_roles", "listed_scopes"):
        if name in body:
            setattr(app, name, tuple(body[name]))
    for name in ("public_client", "id_tokens", "refresh_once"):
        if name in body:
            setattr(app, name, bool(body[name]))
    if "audience" in body:
        app.audience = _audience(body["audience"])
    return _saved(cloud, app)


def add_secret(cloud: Cloud, names: Names, body: Json) -> Json:
    app = _app(cloud, names)
    if not body.get("value"):
        raise ControlError("value must be the new secret.")
    until = body.get("expires_at")
    app.secrets.append(Secret.of(body["value"], expires_at=read_time(until) if until else None))
    return _saved(cloud, app)


def expire_secrets(cloud: Cloud, names: Names, body: Json) -> Json:
    app = _app(cloud, names)
    for secret in app.secrets:
        secret.expires_at = cloud.clock.now()
    return _saved(cloud, app)


def revoke_secrets(cloud: Cloud, names: Names, body: Json) -> Json:
    app = _app(cloud, names)
    for secret in app.secrets:
        secret.revoked = True
    return _saved(cloud, app)


def add_certificate(cloud: Cloud, names: Names, body: Json) -> Json:
    app = _app(cloud, names)
    app.certificates.append(read_certificate(body, base=Path.cwd(), at="body"))
    return _saved(cloud, app)


def give_consent(cloud: Cloud, names: Names, body: Json) -> Json:
    """Consent as an administrator does in the portal, to all the registration lists."""
    app = _app(cloud, names)
    consent_for_all(cloud, app, scopes=None)
    return _saved(cloud, app)


def take_consent(cloud: Cloud, names: Names, body: Json) -> Json:
    """Take back every grant, application permissions and delegated ones."""
    app = _app(cloud, names)
    revoke_consent(cloud, app)
    return _saved(cloud, app)


def _audience(name: str) -> str:
    if name not in AUDIENCES:
        raise ControlError(f"audience must be one of {', '.join(AUDIENCES)}.")
    return name


def _app(cloud: Cloud, names: Names) -> App:
    found = next(
        (app for app in cloud.directory.apps if app.client_id.lower() == names["client"].lower()), None
    )
    if found is None:
        raise ControlError(f"There is no app {names['client']}.", status=404)
    return found


def _saved(cloud: Cloud, app: App) -> Json:
    cloud.save_app(app)
    return {
        "client_id": app.client_id, "disabled": app.disabled, "roles": list(app.roles),
        "secrets": len(app.secrets), "certificates": len(app.certificates),
    }  # fmt: skip
