"""A customer whose mailbox a person signs in to, and the browser of the administrator who does it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.test import Client
from django.urls import reverse

from mailboxes.models import Mailbox, MailboxSignIn
from tests import factories
from tests.journeys.customer import SECRET, Control, Customer, Json
from tests.tenants.admin.conftest import signed_in

PASSWORD = "canary-Password-of-the-account 9"


@dataclass(slots=True)
class Person:
    """One mailbox, the people around it at Microsoft, and somebody here who may connect it."""

    customer: Customer
    admin: Client
    domain: str
    other_domain: str

    @property
    def mailbox(self) -> Mailbox:
        return self.customer.row()

    @property
    def row(self) -> MailboxSignIn:
        found: MailboxSignIn = MailboxSignIn.objects.get(mailbox=self.customer.mailbox, direction="in")
        return found

    def named(self, name: str) -> str:
        return f"{name}@{self.domain}"

    def browser(self, account: str, **does: Any) -> None:
        """Say who sits at the browser when it comes to Microsoft's page, and what is done there."""
        self.customer.control("browser", {"account": account, **does})

    def press(self, side: str = "in") -> Any:
        """Press Sign in on the mailbox, on the card of one of its sides."""
        return self.admin.post(reverse("mailboxes:sign_in", args=[self.customer.mailbox.pk]), {"side": side})

    def at_microsoft(self, address: str) -> requests.Response:
        """Open Microsoft's page with the browser, and stop where it sends the browser away."""
        return requests.get(address, allow_redirects=False, timeout=30)

    def back(self, address: str) -> Any:
        """Open the address Microsoft sent the browser to."""
        assert address.startswith(settings.PUBLIC_URL)
        return self.admin.get(address.removeprefix(settings.PUBLIC_URL))

    def sign_in(self, account: str = "", *, side: str = "in", **does: Any) -> str:
        """Go the whole way, and give the page of the mailbox at its end."""
        self.browser(account or self.mailbox.address, **does)
        left = self.press(side)
        returned = self.back(self.at_microsoft(left["Location"]).headers["Location"])
        assert returned.status_code == 302
        return self.page()

    def page(self) -> str:
        shown: Any = self.admin.get(
            reverse("admin:mailboxes_mailbox_change", args=[self.customer.mailbox.pk])
        )
        assert shown.status_code == 200
        return str(shown.content.decode())


Connect = Callable[..., Person]


def connect_person(control: Control, *, app: Json | None = None, **values: Any) -> Person:
    """Make a customer whose mailbox its owner and Anna may open, with a guest, a stranger and an administrator."""
    tag = uuid.uuid4().hex[:8]
    tenant = factories.TenantFactory(cloud="custom", name=f"Contoso {tag}", domain=f"{tag}.example")
    registration = factories.AppRegistrationFactory(tenant=tenant)
    secrets = [] if (app or {}).get("public_client") else [{"value": SECRET}]
    if secrets:
        factories.CredentialFactory(registration=registration, value=SECRET)
    address, other = f"help@{tag}.example", f"x{tag}.example"
    back = f"{settings.PUBLIC_URL}/oauth/callback/"
    application = {
        "client_id": registration.client_id,
        "secrets": secrets,
        "redirect_uris": [back],
        **(app or {}),
    }
    people = [
        {"user_name": address, "password": PASSWORD},
        {"user_name": f"anna@{tag}.example", "password": PASSWORD},
        {"user_name": f"h.elp@{tag}.example", "aliases": [f"upn@{tag}.example"]},
        {"user_name": f"root@{tag}.example", "is_admin": True},
        {"user_name": f"g_{other}#EXT#@{tag}.example", "mail": f"g@{other}", "kind": "guest", "home": "x"},
    ]
    elsewhere = {
        "directory_id": str(uuid.uuid4()),
        "name": f"Fabrikam {tag}",
        "domains": [other],
        "people": [{"user_name": f"otto@{other}"}],
    }
    here = {
        "directory_id": tenant.directory_id,
        "name": tenant.name,
        "domains": [tenant.domain],
        "apps": [application],
        "people": people,
        "mailboxes": [{"address": address, "full_access": [f"anna@{tag}.example"]}],
    }
    people[-1]["home"] = elsewhere["directory_id"]
    control("scenario", {"tenants": [here, elsewhere]})
    usual = {"sign_in": Mailbox.SignIn.AUTHORIZATION_CODE}
    mailbox = factories.MailboxFactory(
        tenant=tenant, registration=registration, address=address, **{**usual, **values}
    )
    admin = signed_in(factories.MembershipFactory(tenant=tenant, role="admin").user)
    return Person(Customer(control, mailbox, registration.client_id), admin, f"{tag}.example", other)
