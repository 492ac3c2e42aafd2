import pytest
from django.test import override_settings

from tenants.errors import Misconfigured
from tenants.microsoft.clouds import cloud


@pytest.mark.parametrize(
    ("name", "login_url", "graph_url"),
    [
        ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("us_gov_high", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("us_gov_dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_each_national_cloud_has_its_own_hosts(name: str, login_url: str, graph_url: str) -> None:
    known = cloud(name)
    assert (known.login_url, known.graph_url, known.graph_resource) == (login_url, graph_url, graph_url)


@override_settings(M365_LOGIN_URL="https://localhost:8443/", M365_GRAPH_URL="https://localhost:8443")
def test_custom_cloud_takes_its_hosts_from_the_settings_and_keeps_microsofts_resource_names() -> None:
    custom = cloud("custom")
    assert (custom.login_url, custom.graph_url) == ("https://localhost:8443", "https://localhost:8443")
    assert custom.graph_resource == "https://graph.microsoft.com"


@override_settings(M365_LOGIN_URL="https://localhost:8443", M365_GRAPH_URL="")
def test_custom_cloud_with_one_address_missing_says_which_settings_to_set() -> None:
    with pytest.raises(Misconfigured) as caught:
        cloud("custom")
    assert caught.value.code == "cloud_not_configured"
    assert "M365_GRAPH_URL" in caught.value.diagnosis.fix


def test_unknown_cloud_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no cloud with this name"):
        cloud("germany")
