"""Who sits at the browser, what accounts may do, and how device codes are answered."""

from dataclasses import asdict, fields

from sandbox.cloud import Cloud
from sandbox.control.errors import ControlError
from sandbox.directory import Person
from sandbox.entra import devices, refresh
from sandbox.entra.errors import EntraError
from sandbox.people import change_person
from sandbox.sign_ins import Browser
from sandbox.wire import Json

Names = dict[str, str]


def set_browser(cloud: Cloud, names: Names, body: Json) -> Json:
    """Say who comes to the sign-in page next and what is answered there; what is not named goes back to usual."""
    known = {column.name for column in fields(Browser)}
    if strange := set(body) - known:
        raise ControlError(
            f"A browser has no {', '.join(sorted(strange))}; it has {', '.join(sorted(known))}."
        )
    cloud.sign_ins.browser = Browser(**body)
    return asdict(cloud.sign_ins.browser)


def change(cloud: Cloud, names: Names, body: Json) -> Json:
    """Set any of mail, aliases, display_name, is_admin, mfa, refused (an AADSTS number), password."""
    person = change_person(cloud, _person(cloud, names), body)
    return {
        "user_name": person.user_name,
        "mfa": person.mfa,
        "refused": person.refused,
        "is_admin": person.is_admin,
    }


def revoke(cloud: Cloud, names: Names, body: Json) -> Json:
    """End the sign-ins of an account; code says how that is worded, 50173 unless told otherwise."""
    return {"revoked": refresh.revoke(cloud, _person(cloud, names).oid, code=int(body.get("code", 50173)))}


def delete(cloud: Cloud, names: Names, body: Json) -> Json:
    """Delete an account; its sign-ins end with it."""
    person = change_person(cloud, _person(cloud, names), {"refused": 500341})
    return {"revoked": refresh.revoke(cloud, person.oid, code=500341)}


def answer_device(cloud: Cloud, names: Names, body: Json) -> Json:
    """Answer a device code as {"answer": "accept" | "decline" | "expire", "account"}."""
    device = devices.find_device(cloud, names["code"])
    if device is None:
        raise ControlError(f"There is no device code {names['code']}.", status=404)
    answer = body.get("answer", "accept")
    if answer == "expire":
        device.state = "expired"
        return {"state": device.state}
    try:
        account = body.get("account") or cloud.sign_ins.browser.account
        devices.sign_in(cloud, device, account, is_declined=answer == "decline")
    except EntraError as error:
        raise ControlError(f"AADSTS{error.code}: {error.text}") from error
    return {"state": device.state}


def set_devices(cloud: Cloud, names: Names, body: Json) -> Json:
    """Set how often a device may ask: {"interval_s"}."""
    cloud.sign_ins.device_interval_s = float(body["interval_s"])
    return {"interval_s": cloud.sign_ins.device_interval_s}


def _person(cloud: Cloud, names: Names) -> Person:
    person = cloud.directory.person_anywhere(names["name"])
    guests = (one for one in cloud.directory.people if names["name"].lower() in one.names)
    found = person or next(guests, None)
    if found is None:
        raise ControlError(f"There is no account {names['name']}.", status=404)
    return found
