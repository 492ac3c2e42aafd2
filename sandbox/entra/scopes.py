"""Scopes as clients write them: which resource they are of, and what they are called there.

Inside of the sandbox a delegated permission is written "Mail.Read" for Graph and with its address for Exchange.
"""

from sandbox.entra.errors import EntraError

GRAPH_AUDIENCE = "https://graph.microsoft.com"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
EXCHANGE_AUDIENCE = "https://outlook.office365.com"
RESOURCES = {
    GRAPH_AUDIENCE: GRAPH_AUDIENCE,
    GRAPH_APP_ID: GRAPH_AUDIENCE,
    EXCHANGE_AUDIENCE: EXCHANGE_AUDIENCE,
    "https://outlook.office.com": EXCHANGE_AUDIENCE,
}
EXCHANGE_PREFIX = "https://outlook.office.com/"
OPENID = ("openid", "profile", "email", "offline_access")
# A user may not consent to these, whatever the tenant allows.
FOR_ADMINISTRATORS = frozenset(
    {"User.Read.All", "Directory.Read.All", "Mail.ReadWrite.All", "Group.Read.All", "Place.Read.All"}
)


def split_scopes(text: str) -> dict[str, list[str]]:
    """Sort what a client asks for by resource; OpenID's own scopes are under "". Raises EntraError."""
    found: dict[str, list[str]] = {}
    for scope in text.split():
        if scope in OPENID:
            found.setdefault("", []).append(scope)
            continue
        resource, slash, name = scope.rpartition("/")
        audience = RESOURCES.get(resource.rstrip("/")) if slash else GRAPH_AUDIENCE
        if audience is None:
            raise EntraError(
                500011,
                "invalid_resource",
                f"The resource principal named {resource} was not found in the tenant.",
            )
        found.setdefault(audience, []).append(name if audience == GRAPH_AUDIENCE else EXCHANGE_PREFIX + name)
    return found


def audience_of(scope: str) -> str:
    return EXCHANGE_AUDIENCE if scope.startswith(EXCHANGE_PREFIX) else GRAPH_AUDIENCE


def named(scopes: list[str], listed: tuple[str, ...]) -> list[str]:
    """Put what the registration lists in the place of a resource's .default."""
    plain: list[str] = []
    for scope in scopes:
        if scope.endswith(".default"):
            plain += [other for other in listed if audience_of(other) == audience_of(scope)]
        else:
            plain.append(scope)
    return plain


def short(scope: str) -> str:
    """Give the name alone, as the scp claim has it."""
    return scope.removeprefix(EXCHANGE_PREFIX)
