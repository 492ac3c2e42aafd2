"""The password grant, and the realm a client asks for before it.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc
"""

from sandbox.cloud import Cloud
from sandbox.directory import Tenant
from sandbox.entra.accounts import admit, refused
from sandbox.entra.apps import find_app
from sandbox.entra.credentials import audiences, prove_or_public
from sandbox.entra.delegated import SignedIn, answer
from sandbox.entra.errors import EntraError, missing
from sandbox.wire import Answer, Json, Request


def redeem(cloud: Cloud, request: Request, tenant: Tenant, form: dict[str, str]) -> Json:
    app = find_app(cloud, tenant, form["client_id"])
    for needed in ("username", "password", "scope"):
        if not form.get(needed):
            raise missing(needed)
    proof = prove_or_public(app, form, now=cloud.clock.epoch(), audiences=audiences(request, tenant))
    person = cloud.directory.person(tenant.directory_id, form["username"])
    if person is None or person.kind != "member":
        raise EntraError(
            50034,
            "invalid_grant",
            f"The user account {{EUII Hidden}} does not exist in the {tenant.directory_id} directory. To sign into this"
            " application, the account must be added to the directory.",
        )
    if person.refused == 50057:
        raise refused(50057)
    if not person.knows_password(form["password"]):
        raise EntraError(
            50126, "invalid_grant", "Error validating credentials due to invalid username or password."
        )
    admit(person, mfa=False)
    who = SignedIn(app=app, person=person, proof=proof, mfa=False)
    return answer(cloud, request, who, scope=form["scope"])


def realm(cloud: Cloud, request: Request, name: str) -> Answer:
    """Tell whether an account is Entra's own; clients ask before they send a password."""
    user_name = request.segments[-1]
    domain = user_name.rpartition("@")[2]
    known = any(domain.lower() in tenant.domains for tenant in cloud.directory.tenants)
    payload: Json = {"ver": "1.0", "account_type": "Managed" if known else "Unknown"}
    if known:
        payload |= {
            "domain_name": domain, "cloud_instance_name": "sandbox.example",
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        }  # fmt: skip
    return Answer(payload=payload, content_type="application/json; charset=utf-8")
