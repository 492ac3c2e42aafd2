"""The device code grant: the code is shown on one screen and entered at another.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

import secrets

from sandbox.cloud import Cloud
from sandbox.directory import Tenant
from sandbox.entra.accounts import admit, at_browser, refused
from sandbox.entra.apps import find_app
from sandbox.entra.consents import consent
from sandbox.entra.credentials import audiences, prove_or_public
from sandbox.entra.delegated import SignedIn, answer
from sandbox.entra.errors import EntraError, missing
from sandbox.entra.metadata import find_tenant
from sandbox.entra.pages import ACCOUNT, answer_given, ask_code, choose, page
from sandbox.entra.scopes import split_scopes
from sandbox.sign_ins import DEVICE_LIFE_S, Device
from sandbox.wire import Answer, Json, Request

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Without vowels and without what looks alike.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


def start(cloud: Cloud, request: Request, name: str) -> Answer:
    tenant, form = find_tenant(cloud, name), request.form()
    for needed in ("client_id", "scope"):
        if not form.get(needed):
            raise missing(needed)
    app = find_app(cloud, tenant, form["client_id"])
    split_scopes(form["scope"])
    device = Device(
        user_code="".join(secrets.choice(LETTERS) for _ in range(9)),
        client_id=app.client_id,
        directory_id=tenant.directory_id,
        scopes=form["scope"].split(),
        expires_at=cloud.clock.epoch() + DEVICE_LIFE_S,
        interval_s=cloud.sign_ins.device_interval_s,
    )
    value = f"DA{secrets.token_urlsafe(96)}"
    cloud.sign_ins.devices[value] = device
    at = f"{request.base_url}/common/oauth2/deviceauth"
    payload = {
        "user_code": device.user_code, "device_code": value, "verification_uri": at, "expires_in": DEVICE_LIFE_S,
        "interval": int(device.interval_s),
        "message": f"To sign in, use a web browser to open the page {at} and enter the code {device.user_code} to"
        " authenticate.",
    }  # fmt: skip
    return Answer(payload=payload, content_type="application/json; charset=utf-8")


def enter(cloud: Cloud, request: Request, name: str) -> Answer:
    """Show the page on which the code is entered; with ?otc= the browser's account signs in there."""
    user_code, browser = request.query.get("otc", "").strip().upper(), cloud.sign_ins.browser
    device = find_device(cloud, user_code)
    if device is None:
        return ask_code(wrong=bool(user_code))
    account = request.query.get(ACCOUNT) or browser.account
    if not account:
        return choose(cloud, request)
    sign_in(cloud, device, account, is_declined=answer_given(cloud, request) == "decline")
    said = "You have signed in to the application." if device.state == "done" else "You declined the request."
    return page("Device sign-in", said + " You may now close this window.")


def sign_in(cloud: Cloud, device: Device, account: str, *, is_declined: bool) -> None:
    """Let an account answer a device code. Raises EntraError when it may not sign in at all."""
    if is_declined:
        device.state = "declined"
        return
    tenant = find_tenant(cloud, device.directory_id)
    app = find_app(cloud, tenant, device.client_id)
    person = at_browser(cloud, tenant, app, account)
    consent(
        cloud, tenant, app, person, split_scopes(" ".join(device.scopes)), is_forced=False, answer="accept"
    )
    device.oid, device.mfa, device.state = person.oid, person.mfa, "done"


def find_device(cloud: Cloud, user_code: str) -> Device | None:
    found = (device for device in cloud.sign_ins.devices.values() if device.user_code == user_code)
    return next(found, None)


def redeem(cloud: Cloud, request: Request, tenant: Tenant, form: dict[str, str]) -> Json:
    app, now = find_app(cloud, tenant, form["client_id"]), cloud.clock.epoch()
    device = cloud.sign_ins.devices.get(form.get("device_code", ""))
    if device is None or device.client_id != app.client_id:
        raise EntraError(
            70018, "bad_verification_code", "Invalid verification code due to user typing in wrong user code."
        )
    if device.expires_at <= now or device.state == "expired":
        raise EntraError(
            70020, "expired_token", "The provided value for the input parameter 'device_code' is expired."
        )
    _stand(device, now=now)
    proof = prove_or_public(app, form, now=now, audiences=audiences(request, tenant))
    person = cloud.directory.person(device.directory_id, device.oid)
    if person is None:
        raise refused(500341)
    admit(person, mfa=device.mfa)
    who = SignedIn(app=app, person=person, proof=proof, mfa=device.mfa)
    payload = answer(cloud, request, who, scope=" ".join(device.scopes))
    device.state = "expired"
    return payload


def _stand(device: Device, *, now: float) -> None:
    """Raise while the code has not been entered, and when the app asks too soon."""
    if device.state == "declined":
        raise EntraError(0, "authorization_declined", "The end user denied the authorization request.")
    if device.state != "pending":
        return
    asked_at, device.polled_at = device.polled_at, now
    # Half a second of grace, for a client's clock is not ours.
    if asked_at and now - asked_at + 0.5 < device.interval_s:
        device.interval_s += 5
        raise EntraError(0, "slow_down", "The client asks too often; the interval grows by five seconds.")
    raise EntraError(
        70016,
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    )
