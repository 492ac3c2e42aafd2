"""Exchange Online PowerShell for exactly a customer's mailboxes, as text that runs as it is.

The object id Exchange wants is the one of the enterprise application, which no form of ours asks for: each script looks
it up by the client id, so that the registration's own object id cannot be taken for it.
Source: https://learn.microsoft.com/exchange/permissions-exo/application-rbac, and the pages of each cmdlet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

#: PowerShell ends a text in single quotes at any of these.
_QUOTES: Final = re.compile("(['\u2018\u2019\u201a\u201b])")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME_CHARS: Final = 40

_GRAPH_PLACES: Final = {"us_gov_high": "USGov", "us_gov_dod": "USGovDoD", "china": "China"}
_EXCHANGE_PLACES: Final = {
    "us_gov_high": "O365USGovGCCHigh",
    "us_gov_dod": "O365USGovDoD",
    "china": "O365China",
}
#: What one mailbox refuses holds up no other.
_GO_ON: Final = "$ErrorActionPreference = 'Continue'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a script is for."""

    cloud: str
    directory_id: str
    client_id: str
    name: str
    addresses: Sequence[str]


def quoted(text: str) -> str:
    """Write a value as one PowerShell text that nothing inside can leave. Line breaks and the like are dropped."""
    return "'" + _QUOTES.sub(r"\1\1", _UNPRINTABLE.sub("", text)) + "'"


def rbac(target: Target, roles: Sequence[str]) -> str:
    """Give the application Exchange roles on these mailboxes and no others (RBAC for Applications)."""
    scope = quoted(f"{_short(target.name)} mailboxes")
    return _script(
        target,
        "# Which mailboxes: these and no others. Run it again after the list has changed.",
        f"$scope = {scope}",
        "$conditions = $mailboxes | ForEach-Object {",
        '    "(PrimarySmtpAddress -eq \'" + "$($_.PrimarySmtpAddress)".Replace("\'", "\'\'") + "\')"',
        "}",
        "$filter = $conditions -join ' -or '",
        "if (Get-ManagementScope -Identity $scope -ErrorAction SilentlyContinue) {",
        "    Set-ManagementScope -Identity $scope -RecipientRestrictionFilter $filter",
        "} else {",
        "    New-ManagementScope -Name $scope -RecipientRestrictionFilter $filter",
        "}",
        "",
        "# What it may do there.",
        f"foreach ($role in {_list(f'Application {role}' for role in roles)}) {{",
        "    if (-not (Get-ManagementRoleAssignment -RoleAssignee $app -Role $role -ErrorAction SilentlyContinue)) {",
        "        New-ManagementRoleAssignment -App $app -Role $role -CustomResourceScope $scope",
        "    }",
        "}",
        "",
        "# Shows InScope True for each; Graph follows within 30 minutes to two hours.",
        "$mailboxes | ForEach-Object {",
        "    Test-ServicePrincipalAuthorization -Identity $app -Resource $_.PrimarySmtpAddress -ErrorAction Continue",
        "}",
        "",
        "# This ADDS to what is consented in Entra. The limit holds only once the same permissions are removed there:",
        f"# Entra admin center > App registrations > API permissions: remove {', '.join(roles)}.",
    )


def access_policy(target: Target) -> str:
    """Limit consented permissions to these mailboxes by the older application access policy."""
    group = quoted(f"{_short(target.name)} mailboxes (helpdesk)")
    return _script(
        target,
        "# A mail-enabled security group of these mailboxes, and the policy that names it.",
        f"$group = Get-DistributionGroup -Identity {group} -ErrorAction SilentlyContinue",
        f"if (-not $group) {{ $group = New-DistributionGroup -Name {group} -Type Security }}",
        "$mailboxes | ForEach-Object {",
        "    Add-DistributionGroupMember -Identity $group.Identity -Member $_.Identity -ErrorAction SilentlyContinue",
        "}",
        "if (-not (Get-ApplicationAccessPolicy | Where-Object { $_.AppId -eq $app })) {",
        "    New-ApplicationAccessPolicy -AppId $app -PolicyScopeGroupId $group.PrimarySmtpAddress"
        " -AccessRight RestrictAccess -Description 'Helpdesk only'",
        "}",
        "# Shows Granted for each; Graph follows after an hour or more.",
        "$mailboxes | ForEach-Object {",
        "    Test-ApplicationAccessPolicy -AppId $app -Identity $_.PrimarySmtpAddress -ErrorAction Continue",
        "}",
        needs_principal=False,
    )


def mail_protocols(target: Target, *, reads: bool, sends: bool, as_application: bool) -> str:
    """Switch IMAP and POP on for these mailboxes, and with `sends` SMTP; `as_application` gives it the rights too."""
    lines = [_GO_ON, "$mailboxes | ForEach-Object {"]
    if as_application:
        lines.append(
            "    Add-MailboxPermission -Identity $_.Identity -User $principal.Id -AccessRights FullAccess"
            " -AutoMapping $false"
        )
    if reads:
        lines.append("    Set-CASMailbox -Identity $_.Identity -ImapEnabled $true -PopEnabled $true")
    if sends and as_application:
        lines.append(
            "    Add-RecipientPermission -Identity $_.Identity -Trustee $principal.Id -AccessRights SendAs"
            " -Confirm:$false"
        )
    if sends:
        lines += [
            "    # SMTP AUTH for this mailbox alone, whatever the organisation's setting is.",
            "    Set-CASMailbox -Identity $_.Identity -SmtpClientAuthenticationDisabled $false",
        ]
    return _script(
        target,
        *lines,
        "}",
        "# What is set now.",
        "$mailboxes | ForEach-Object { Get-CASMailbox -Identity $_.Identity } |",
        "    Format-Table PrimarySmtpAddress, ImapEnabled, PopEnabled, SmtpClientAuthenticationDisabled",
        needs_principal=as_application,
    )


def user_access(target: Target, *, user: str, reads: bool, sends: bool) -> str:
    """Open these mailboxes to a user who signs in for us."""
    lines = [f"$user = {quoted(user)}", _GO_ON, "$mailboxes | ForEach-Object {"]
    if reads:
        lines.append(
            "    Add-MailboxPermission -Identity $_.Identity -User $user -AccessRights FullAccess -AutoMapping $false"
        )
    if sends:
        lines.append(
            "    Add-RecipientPermission -Identity $_.Identity -Trustee $user -AccessRights SendAs -Confirm:$false"
        )
    return _script(
        target,
        *lines,
        "}",
        "# What is set now.",
        "$mailboxes | ForEach-Object { Get-MailboxPermission -Identity $_.Identity -User $user }",
        needs_principal=False,
    )


def send_as(target: Target, *, sender: str, trustee: str) -> str:
    """Let answers leave as `sender`: to a user, or to the application itself when no user signs in."""
    who = quoted(trustee) if trustee else "$principal.Id"
    return _script(
        target,
        f"Add-RecipientPermission -Identity {quoted(sender)} -Trustee {who} -AccessRights SendAs -Confirm:$false",
        "# What is set now.",
        f"Get-RecipientPermission -Identity {quoted(sender)}",
        needs_principal=not trustee,
    )


def _script(target: Target, *lines: str, needs_principal: bool = True) -> str:
    """Put the common beginning in front: modules, sign-in, the application and the mailboxes."""
    return "\n".join([*_beginning(target, needs_principal=needs_principal), "", *lines]) + "\n"


def _beginning(target: Target, *, needs_principal: bool) -> list[str]:
    place = _EXCHANGE_PLACES.get(target.cloud)
    begin = ["$ErrorActionPreference = 'Stop'", _module("ExchangeOnlineManagement")]
    begin += [f"Connect-ExchangeOnline{f' -ExchangeEnvironmentName {place}' if place else ''}"]
    begin += [f"$app = {quoted(target.client_id)}"]
    if needs_principal:
        begin += _principal(target)
    return [
        *begin,
        "# One that is not found is told in red, and the others are gone on with.",
        f"$mailboxes = {_list(target.addresses)} |",
        "    ForEach-Object { Get-Mailbox -Identity $_ -ErrorAction Continue }",
        "if (-not $mailboxes) { throw 'None of these mailboxes was found.' }",
    ]


def _principal(target: Target) -> list[str]:
    place = _GRAPH_PLACES.get(target.cloud)
    return [
        _module("Microsoft.Graph.Applications"),
        f"Connect-MgGraph -TenantId {quoted(target.directory_id)} -Scopes Application.Read.All"
        f"{f' -Environment {place}' if place else ''}",
        "# The enterprise application's object id, not the one on the page of the app registration.",
        "$principal = Get-MgServicePrincipal -Filter \"appId eq '$app'\"",
        "if (-not (Get-ServicePrincipal -Identity $app -ErrorAction SilentlyContinue)) {",
        f"    New-ServicePrincipal -AppId $app -ObjectId $principal.Id -DisplayName {quoted(target.name)}",
        "}",
    ]


def _module(name: str) -> str:
    return f"if (-not (Get-Module -ListAvailable {name})) {{ Install-Module {name} -Scope CurrentUser }}"


def _list(values: Iterable[str]) -> str:
    items = [quoted(value) for value in values]
    return f"@({', '.join(items)})"


def _short(name: str) -> str:
    return _UNPRINTABLE.sub("", name)[:_NAME_CHARS].strip()
