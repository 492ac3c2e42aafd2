"""Graph for a person: the own mailbox, shared ones by full access, and who am I."""

import pytest

from tests.sandbox.client import ADDRESS, Client, Json
from tests.sandbox.conftest import Start
from tests.sandbox.people import ANNA, GUEST, OPENID, ROOT, bearer, come_back, peopled


@pytest.fixture
def client(start: Start) -> Client:
    client = start(peopled())
    client.control("browser", {"account": ANNA})
    return client


def signed_in(client: Client, *scopes: str) -> Client:
    client.session.headers.update(bearer(come_back(client, scope=" ".join((OPENID, *scopes)))))
    return client


def me(client: Client, path: str = "") -> str:
    return f"{client.sandbox.url}/v1.0/me{path}"


def test_person_reads_the_own_mailbox_by_me_and_by_name(client: Client) -> None:
    signed_in(client, "Mail.Read")
    assert client.get(me(client, "/mailFolders/inbox")).ok
    assert client.get(f"{client.sandbox.url}/v1.0/users/{ANNA}/messages").ok


def test_who_am_i_names_all_addresses_when_asked_for(client: Client) -> None:
    signed_in(client, "User.Read")
    found = client.get(me(client, "?$select=id,userPrincipalName,mail,proxyAddresses")).json()
    assert found["proxyAddresses"] == [f"SMTP:{ANNA}", "smtp:a.lind@contoso.example"]
    assert "proxyAddresses" not in client.get(me(client)).json()


def test_person_without_a_mailbox_is_somebody_all_the_same(client: Client) -> None:
    client.control("browser", {"account": ROOT})
    signed_in(client, "User.Read", "Mail.Read")
    assert client.get(me(client)).json()["userPrincipalName"] == ROOT
    assert client.get(me(client, "/messages")).json()["error"]["code"] == "ErrorInvalidUser"


def test_guest_is_named_as_one(client: Client) -> None:
    client.control("browser", {"account": GUEST})
    signed_in(client, "User.Read")
    assert client.get(me(client, "?$select=userType")).json()["userType"] == "Guest"


@pytest.mark.parametrize(
    ("scope", "full_access", "status"),
    [
        ("Mail.Read", [ANNA], 403),
        ("Mail.Read.Shared", [ANNA], 200),
        ("Mail.Read.Shared", [], 404),
        ("Mail.ReadWrite.Shared", ["A.Lind@contoso.example"], 200),
    ],
)
def test_shared_mailbox_needs_the_shared_permission_and_full_access(
    client: Client, scope: str, full_access: list[str], status: int
) -> None:
    """S0-16."""
    client.control(f"mailboxes/{ADDRESS}/rights", {"full_access": full_access})
    assert signed_in(client, scope).get("mailFolders/inbox").status_code == status


def test_own_mailbox_opens_with_the_shared_permission_too(client: Client) -> None:
    assert signed_in(client, "Mail.ReadWrite.Shared").get(me(client, "/messages")).ok


def test_settings_of_a_shared_mailbox_are_not_a_persons_to_read(client: Client) -> None:
    signed_in(client, "MailboxSettings.Read", "Mail.Read.Shared")
    assert client.get("mailboxSettings").status_code == 403
    assert client.get(me(client, "/mailboxSettings")).ok


def test_sending_from_a_shared_mailbox_needs_send_as(client: Client) -> None:
    signed_in(client, "Mail.Send.Shared")
    letter: Json = {
        "message": {
            "subject": "x",
            "body": {"content": "x"},
            "toRecipients": [{"emailAddress": {"address": "ada@customers.example"}}],
        }
    }
    assert client.post("sendMail", letter).json()["error"]["code"] == "ErrorSendAsDenied"
    client.control(f"mailboxes/{ADDRESS}/rights", {"senders": [ANNA]})
    assert client.post("sendMail", letter).status_code == 202


def test_looking_up_others_needs_a_directory_permission(client: Client) -> None:
    signed_in(client, "User.Read")
    assert client.get(f"{client.sandbox.url}/v1.0/users/{ROOT}").status_code == 403
    signed_in(client, "User.ReadBasic.All")
    assert client.get(f"{client.sandbox.url}/v1.0/users/{ROOT}").ok
