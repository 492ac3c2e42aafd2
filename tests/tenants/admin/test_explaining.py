"""What a page of Microsoft's said and did not send back, explained to whoever pastes it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import MembershipFactory, OperatorFactory
from tests.tenants.admin.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = (
    "AADSTS50011: The redirect URI 'http://desk/oauth' specified in the "
    "request does not match the redirect URIs configured for the application. Request Id: 4f0a"
)


def explained(said: str) -> str:
    answer = signed_in(OperatorFactory()).post(
        reverse("admin:tenants_appregistration_explain"), {"said": said}
    )
    return str(answer.content.decode())


@pytest.mark.parametrize("said", [PAGE, "AADSTS50011", "50011", " aadsts50011 "])
def test_code_is_found_however_it_was_copied(said: str) -> None:
    """S0-12: the address to register stands beside it."""
    page = explained(said)
    assert "The redirect address is not registered exactly" in page
    assert "http://localhost:8000/oauth/callback/" in page


def test_both_addresses_are_shown_where_they_differ() -> None:
    """S0-12: what Microsoft was sent, and what this installation sends."""
    page = explained(PAGE)
    assert "http://desk/oauth" in page
    assert "http://localhost:8000/oauth/callback/" in page
    ours = PAGE.replace("http://desk/oauth", "http://localhost:8000/oauth/callback/")
    assert "Sent to Microsoft" not in explained(ours)


def test_account_of_another_directory_is_explained_without_an_address() -> None:
    page = explained("AADSTS50020: User account 'x@y.example' does not exist in tenant")
    assert "does not belong to this customer" in page
    assert "oauth/callback" not in page


def test_unknown_code_and_markup_are_quoted_safely() -> None:
    page = explained("AADSTS999999: <script>alert(1)</script>")
    assert "login.microsoftonline.com/error?code=999999" in page
    assert "<script>alert(1)" not in page


def test_agents_have_no_use_for_it() -> None:
    agent = signed_in(MembershipFactory(role="agent").user)
    assert agent.get(reverse("admin:tenants_appregistration_explain")).status_code == 403
