"""The scripts: exactly these mailboxes, the right object id, and no value that can leave its quotes."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from tenants.setup import powershell
from tenants.setup.powershell import Target, quoted

CLIENT = "d1a8e0b4-7c1c-4a8e-9a53-4f0f0a0f3c11"
TARGET = Target(
    cloud="global",
    directory_id="84bd8158-6d4d-4958-8b9f-9d6445542f95",
    client_id=CLIENT,
    name="Helpdesk",
    addresses=["help@contoso.example", "o'brien@contoso.example"],
)
SCRIPTS = {
    "rbac": powershell.rbac(TARGET, ["Mail.ReadWrite", "Mail.Send"]),
    "policy": powershell.access_policy(TARGET),
    "protocols": powershell.mail_protocols(TARGET, reads=True, sends=True, as_application=True),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_script_names_these_mailboxes_and_this_application(script: str) -> None:
    assert "@('help@contoso.example', 'o''brien@contoso.example')" in script
    assert f"$app = '{CLIENT}'" in script
    assert "<" not in script, "a placeholder cannot be run as it is"


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_one_mailbox_that_fails_holds_up_no_other(script: str) -> None:
    assert "Get-Mailbox -Identity $_ -ErrorAction Continue" in script
    for block in re.findall(r"^\$mailboxes \| ForEach-Object \{(.*?)\}", script, re.MULTILINE | re.DOTALL):
        before = script.partition(block)[0]
        is_lenient = "$ErrorActionPreference = 'Continue'" in before or "-ErrorAction" in block
        assert is_lenient, block


@pytest.mark.parametrize("name", ["rbac", "protocols"])
def test_object_id_is_the_enterprise_applications(name: str) -> None:
    """S3-12, S3-14."""
    assert "Get-MgServicePrincipal" in SCRIPTS[name]
    assert "New-ServicePrincipal -AppId $app -ObjectId $principal.Id" in SCRIPTS[name]
    assert "-ServiceId" not in SCRIPTS[name]


def test_roles_are_exchanges_and_the_union_is_warned_of() -> None:
    """S1-4, S4-20."""
    assert "@('Application Mail.ReadWrite', 'Application Mail.Send')" in SCRIPTS["rbac"]
    assert "This ADDS to what is consented" in SCRIPTS["rbac"]


def test_mail_protocols_get_full_access_and_sending_only_when_asked() -> None:
    """S3-13, S3-19."""
    reading = powershell.mail_protocols(TARGET, reads=True, sends=False, as_application=True)
    assert "-AccessRights FullAccess" in reading
    assert "SendAs" not in reading
    assert "-SmtpClientAuthenticationDisabled $false" in SCRIPTS["protocols"]


@pytest.mark.parametrize(
    ("cloud", "exchange", "graph"),
    [
        ("us_gov_high", "O365USGovGCCHigh", "USGov"),
        ("us_gov_dod", "O365USGovDoD", "USGovDoD"),
        ("china", "O365China", "China"),
    ],
)
def test_national_clouds_are_signed_in_to_by_name(cloud: str, exchange: str, graph: str) -> None:
    script = powershell.rbac(replace(TARGET, cloud=cloud), ["Mail.ReadWrite"])
    assert f"Connect-ExchangeOnline -ExchangeEnvironmentName {exchange}\n" in script
    assert f"-Environment {graph}\n" in script


@pytest.mark.parametrize("mark", ["'", "\u2018", "\u2019", "\u201a", "\u201b"])
def test_no_quote_ends_the_text_it_stands_in(mark: str) -> None:
    assert quoted(f"a{mark}; Remove-Mailbox b") == f"'a{mark}{mark}; Remove-Mailbox b'"


@pytest.mark.parametrize("char", ["\n", "\r", "\x00", "\x85", "\u2028", "\x1b"])
def test_no_line_of_somebody_elses_gets_into_a_script(char: str) -> None:
    assert quoted(f"a{char}b") == "'ab'"
    script = powershell.rbac(replace(TARGET, name=f"Help{char}Remove-Mailbox x"), ["Mail.Read"])
    assert not re.search(r"(?m)^Remove-Mailbox", script)


@pytest.mark.skipif(not shutil.which("pwsh"), reason="PowerShell is not installed")
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_powershell_itself_can_read_the_script(script: str) -> None:
    parse = "[void][scriptblock]::Create([Console]::In.ReadToEnd())"
    subprocess.run(["pwsh", "-NoProfile", "-Command", parse], input=script, text=True, check=True, timeout=60)
