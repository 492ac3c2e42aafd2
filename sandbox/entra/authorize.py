"""The page people sign in at, and the admin consent page; both send the browser back to the app.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import secrets
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from sandbox.cloud import Cloud
from sandbox.directory import App, Person, Tenant
from sandbox.entra.accounts import at_browser
from sandbox.entra.apps import find_app
from sandbox.entra.consents import consent, consent_for_all, declined
from sandbox.entra.delegated import SignedIn, id_token, who_and_where
from sandbox.entra.errors import EntraError, missing
from sandbox.entra.metadata import SHARED, find_tenant
from sandbox.entra.pages import ACCOUNT, answer_given, choose, post_back, trouble
from sandbox.entra.scopes import split_scopes
from sandbox.sign_ins import CODE_LIFE_S, Code
from sandbox.wire import Answer, Request

PROMPTS = ("", "login", "none", "consent", "select_account")
MODES = ("query", "fragment", "form_post")
#: These are said on Microsoft's own page, although the app's address is known to be good.
ON_PAGE = (50020, 50034, 50053, 50055, 50057, 50076, 50079, 50105, 500341, 53000, 53003, 530032)


class Pending(Exception):
    """Nobody has said yet who signs in."""


def authorize(cloud: Cloud, request: Request, name: str) -> Answer:
    asked = request.form() if request.method == "POST" else request.query
    try:
        tenant, app = _whose(cloud, name, asked)
        check_address(app, asked.get("redirect_uri", ""))
    except EntraError as error:
        return trouble(cloud, error)
    try:
        answer = _signed_in(cloud, request, tenant, app, asked)
    except Pending:
        return choose(cloud, request)
    except EntraError as error:
        if error.code in ON_PAGE:
            return trouble(cloud, error)
        answer = _refusal(cloud, error)
    return send_back(asked, answer)


def admin_consent_v1(cloud: Cloud, request: Request, name: str) -> Answer:
    """Everything the registration lists, without a scope in the address."""
    return _admin_consent(cloud, request, name, is_v2=False)


def admin_consent(cloud: Cloud, request: Request, name: str) -> Answer:
    return _admin_consent(cloud, request, name, is_v2=True)


def _admin_consent(cloud: Cloud, request: Request, name: str, *, is_v2: bool) -> Answer:
    asked = request.query
    try:
        if is_v2 and not asked.get("scope"):
            raise missing("scope")
        tenant, app = _whose(cloud, name, asked)
        check_address(app, asked.get("redirect_uri", ""))
        account = request.query.get(ACCOUNT) or cloud.sign_ins.browser.account
        if not account:
            return choose(cloud, request)
        person = at_browser(cloud, tenant, app, account)
    except EntraError as error:
        return trouble(cloud, error)
    try:
        _may_consent(person, answer_given(cloud, request), is_v2=is_v2)
        granted = consent_for_all(cloud, app, scopes=_explicit(asked.get("scope", "")))
    except EntraError as error:
        return send_back(asked, {**_refusal(cloud, error), "admin_consent": "True"})
    answer = {"admin_consent": "True", "tenant": tenant.directory_id}
    return send_back(asked, {**answer, "scope": " ".join(granted)} if is_v2 else answer)


def _may_consent(person: Person, answer: str, *, is_v2: bool) -> None:
    if not person.is_admin:
        raise EntraError(90094, "access_denied", "The grant requires admin permission.")
    if answer == "decline":
        text = "The resource owner or authorization server denied the request."
        raise EntraError(65004, "consent_required" if is_v2 else "permission_denied", text)


def _explicit(scope: str) -> list[str] | None:
    """Give the delegated permissions an address names; None stands for what the registration lists."""
    names = [name for key, found in split_scopes(scope).items() if key for name in found]
    return None if not names or any(name.endswith(".default") for name in names) else names


def _whose(cloud: Cloud, name: str, asked: dict[str, str]) -> tuple[Tenant, App]:
    if not asked.get("client_id"):
        raise missing("client_id")
    if name in SHARED:
        raise EntraError(
            50194,
            "invalid_request",
            f"Application '{asked['client_id']}' is not configured as a multi-tenant application. Usage of the /common"
            " endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or"
            " configure the application to be multi-tenant.",
        )
    tenant = find_tenant(cloud, name)
    return tenant, find_app(cloud, tenant, asked["client_id"])


def check_address(app: App, address: str) -> None:
    """Accept only an address registered to the letter; of localhost any port. Raises EntraError."""
    if not app.redirect_uris:
        raise EntraError(500113, "invalid_request", "No reply address is registered for the application.")
    if address in app.redirect_uris:
        return
    parts = urlsplit(address)
    for known in map(urlsplit, app.redirect_uris):
        local = known.hostname == parts.hostname == "localhost" and known.scheme == parts.scheme == "http"
        if local and (known.path, known.query) == (parts.path, parts.query):
            return
    raise EntraError(
        50011,
        "invalid_request",
        f"The redirect URI '{address}' specified in the request does not match the redirect URIs configured for the"
        f" application '{app.client_id}'. Make sure the redirect URI sent in the request matches one added to your"
        " application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how"
        " to troubleshoot this error.",
    )


def _signed_in(
    cloud: Cloud, request: Request, tenant: Tenant, app: App, asked: dict[str, str]
) -> dict[str, str]:
    """Give what goes back to the app: the code and what belongs to it. Raises EntraError and Pending."""
    _check(app, asked)
    wanted, prompt = split_scopes(asked["scope"]), asked.get("prompt", "")
    account = asked.get(ACCOUNT) or cloud.sign_ins.browser.account
    if not account and prompt == "none":
        raise EntraError(
            50058, "login_required", "A silent sign-in request was sent but no user is signed in."
        )
    if not account:
        raise Pending
    person = at_browser(cloud, tenant, app, account)
    said = answer_given(cloud, request)
    consent(cloud, tenant, app, person, wanted, is_forced=prompt == "consent", answer=said)
    back = {"code": _code(cloud, app, person, asked)}
    if "id_token" in asked["response_type"].split():
        who = SignedIn(app=app, person=person, proof="", mfa=person.mfa, nonce=asked.get("nonce", ""))
        back["id_token"] = id_token(cloud, request, who)
    if asked.get("client_info"):
        back["client_info"] = who_and_where(person)
    return {**back, "session_state": str(uuid4())}


def _check(app: App, asked: dict[str, str]) -> None:
    for needed in ("response_type", "scope"):
        if not asked.get(needed):
            raise missing(needed)
    kinds = set(asked["response_type"].split())
    if "id_token" in kinds and not app.id_tokens:
        text = "response_type 'id_token' is not enabled for the application."
        raise EntraError(700054, "unsupported_response_type", text)
    if "code" not in kinds or kinds - {"code", "id_token"}:
        text = f"The provided value for the input parameter 'response_type' is not allowed: '{asked['response_type']}'."
        raise EntraError(70005, "unsupported_response_type", text)
    if asked.get("prompt", "") not in PROMPTS or asked.get("response_mode", "query") not in MODES:
        raise EntraError(90023, "invalid_request", "Unsupported 'prompt' or 'response_mode' value.")
    if asked.get("code_challenge") and not 43 <= len(asked["code_challenge"]) <= 128:
        raise EntraError(50147, "invalid_request", "Invalid size of Code_Challenge parameter.")


def _code(cloud: Cloud, app: App, person: Person, asked: dict[str, str]) -> str:
    value = f"1.{secrets.token_urlsafe(96)}"
    cloud.sign_ins.codes[value] = Code(
        client_id=app.client_id,
        directory_id=app.directory_id,
        oid=person.oid,
        redirect_uri=asked["redirect_uri"],
        scopes=asked["scope"].split(),
        challenge=asked.get("code_challenge", ""),
        method=asked.get("code_challenge_method", "plain"),
        nonce=asked.get("nonce", ""),
        mfa=person.mfa,
        expires_at=cloud.clock.epoch() + CODE_LIFE_S,
    )
    return value


def _refusal(cloud: Cloud, error: EntraError) -> dict[str, str]:
    text = error.description(trace=str(uuid4()), correlation=str(uuid4()), now=cloud.clock.now())
    back = {"error": error.error, "error_description": text}
    if error.code == declined().code:
        back["error_subcode"] = "cancel"
    return back


def send_back(asked: dict[str, str], answer: dict[str, str]) -> Answer:
    if "state" in asked:
        answer = {**answer, "state": asked["state"]}
    address, mode = asked["redirect_uri"], asked.get("response_mode", "query")
    if mode == "form_post":
        return post_back(address, answer)
    mark = "#" if mode == "fragment" else "&" if "?" in address else "?"
    return Answer(
        302, {"Location": f"{address}{mark}{urlencode(answer)}", "Cache-Control": "no-store, no-cache"}
    )
