"""The hosts of each national cloud, and of the one an operator defines."""

from dataclasses import dataclass

from django.conf import settings

from tenants.errors import Misconfigured

CUSTOM = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Where one Microsoft cloud answers. Addresses are origins without a path.

    `graph_resource` and `exchange_resource` are the names tokens are asked for; they are identifiers, not
    addresses, and stay Microsoft's own in a custom cloud.
    """

    name: str
    login_url: str
    graph_url: str
    graph_resource: str
    exchange_resource: str
    imap_url: str
    pop_url: str
    smtp_url: str
    portal_url: str

    @property
    def outlook_resource(self) -> str:
        """What a user's permissions for IMAP, POP and SMTP are asked under: there Microsoft uses a name of its own."""
        known = _CLOUDS["global"].exchange_resource
        return "https://outlook.office.com" if self.exchange_resource == known else self.exchange_resource


def _cloud(name: str, *, login: str, graph: str, exchange: str, smtp: str, portal: str) -> Cloud:
    return Cloud(
        name=name,
        login_url=f"https://{login}",
        graph_url=f"https://{graph}",
        graph_resource=f"https://{graph}",
        exchange_resource=f"https://{exchange}",
        imap_url=f"imaps://{exchange}:993",
        pop_url=f"pop3s://{exchange}:995",
        smtp_url=f"smtp+starttls://{smtp}:587",
        portal_url=f"https://{portal}",
    )


# https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud and
# https://learn.microsoft.com/graph/deployments
_CLOUDS = {
    known.name: known
    for known in (
        _cloud(
            "global",
            login="login.microsoftonline.com",
            graph="graph.microsoft.com",
            exchange="outlook.office365.com",
            smtp="smtp.office365.com",
            portal="portal.azure.com",
        ),
        _cloud(
            "us_gov_high",
            login="login.microsoftonline.us",
            graph="graph.microsoft.us",
            exchange="outlook.office365.us",
            smtp="smtp.office365.us",
            portal="portal.azure.us",
        ),
        _cloud(
            "us_gov_dod",
            login="login.microsoftonline.us",
            graph="dod-graph.microsoft.us",
            exchange="outlook-dod.office365.us",
            smtp="outlook-dod.office365.us",
            portal="portal.azure.us",
        ),
        _cloud(
            "china",
            login="login.partner.microsoftonline.cn",
            graph="microsoftgraph.chinacloudapi.cn",
            exchange="partner.outlook.cn",
            smtp="smtp.partner.outlook.cn",
            portal="portal.azure.cn",
        ),
    )
}


def cloud(name: str) -> Cloud:
    """Look a cloud up by the name stored on the tenant.

    Raises Misconfigured for an unknown name, and for `custom` while its two addresses are not both set.
    """
    if name == CUSTOM:
        return _custom()
    if name not in _CLOUDS:
        raise Misconfigured.own("cloud_unknown")
    return _CLOUDS[name]


def _custom() -> Cloud:
    login_url, graph_url = settings.M365_LOGIN_URL, settings.M365_GRAPH_URL
    if not login_url or not graph_url:
        raise Misconfigured.own("cloud_not_configured")
    known = _CLOUDS["global"]
    return Cloud(
        name=CUSTOM,
        login_url=login_url.rstrip("/"),
        graph_url=graph_url.rstrip("/"),
        graph_resource=known.graph_resource,
        exchange_resource=known.exchange_resource,
        imap_url=settings.M365_IMAP_URL or known.imap_url,
        pop_url=settings.M365_POP_URL or known.pop_url,
        smtp_url=settings.M365_SMTP_URL or known.smtp_url,
        portal_url=known.portal_url,
    )
