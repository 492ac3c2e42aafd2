"""F-83, F-84: secrets move to the newest key, wherever the move is interrupted and whoever writes meanwhile."""

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import key_rotation
from tenants.console import Failed
from tenants.key_rotation import encrypted_columns, rotate_keys
from tenants.models import AccessToken, Credential
from tests.factories import CANARY_SECRET, AppRegistrationFactory, CredentialFactory
from tests.tenants.test_fields import NEW, OLD, UseKeys, overwrite, stored, use_keys

__all__ = ["use_keys"]

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a signal does to a run."""


@pytest.fixture
def secrets(use_keys: UseKeys) -> list[Credential]:
    """Six secrets under the old key; from now on the new one is first."""
    use_keys(OLD)
    rows = [CredentialFactory() for _row in range(6)]
    use_keys(NEW, OLD)
    return rows


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "CHUNK_ROWS", 2)


def rotate(*options: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    call_command("rotate_keys", "--json", *options)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document["columns"][0]


def count_under(use_keys: UseKeys, *keys: str) -> int:
    use_keys(*keys)
    return sum(row.is_readable() for row in Credential.objects.select_related("secret"))


@pytest.mark.usefixtures("secrets", "small_chunks")
def test_every_secret_opens_with_the_new_key_alone_afterwards(
    use_keys: UseKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rotate(capsys=capsys)["rotated"] == 6
    assert count_under(use_keys, NEW) == 6


@pytest.mark.usefixtures("secrets")
def test_second_run_leaves_every_row_alone(capsys: pytest.CaptureFixture[str]) -> None:
    rotate(capsys=capsys)
    before = [stored(row) for row in Credential.objects.order_by("pk")]
    again = rotate(capsys=capsys)
    assert (again["rotated"], again["current"]) == (0, 6)
    assert [stored(row) for row in Credential.objects.order_by("pk")] == before


@pytest.mark.parametrize("row", range(6))
@pytest.mark.usefixtures("secrets", "small_chunks")
def test_run_killed_at_any_row_is_finished_by_the_next(
    use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch, row: int
) -> None:
    seen: list[bytes] = []
    rotate_one = MultiFernet.rotate

    def killed_in_between(self: MultiFernet, message: bytes) -> bytes:
        seen.append(message)
        if len(seen) == row + 1:
            raise Killed
        return rotate_one(self, message)

    with monkeypatch.context() as patch:
        patch.setattr(MultiFernet, "rotate", killed_in_between)
        with pytest.raises(Killed):
            rotate_keys(advance=lambda count: None)
    assert count_under(use_keys, NEW, OLD) == 6
    rotate_keys(advance=lambda count: None)
    assert count_under(use_keys, NEW) == 6


def test_value_written_meanwhile_wins(use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keys(OLD)
    credential = CredentialFactory()
    use_keys(NEW, OLD)
    first, rotate_one = key_rotation.Fernet(column().fernet_keys[0]), MultiFernet.rotate

    def refreshed_in_between(self: MultiFernet, message: bytes) -> bytes:
        overwrite(credential, first.encrypt(b'{"value": "refreshed"}'))
        return rotate_one(self, message)

    monkeypatch.setattr(MultiFernet, "rotate", refreshed_in_between)
    rotate_keys(advance=lambda count: None)
    assert Credential.objects.get().open().value == "refreshed"


def column() -> Any:
    return next(column for model, column in encrypted_columns() if model.__name__ == "CredentialSecret")


def test_row_no_key_opens_is_named_and_fails_the_command(
    secrets: list[Credential], capsys: pytest.CaptureFixture[str]
) -> None:
    overwrite(secrets[2], Fernet(Fernet.generate_key()).encrypt(b"x"))
    with pytest.raises(Failed, match="keep the others"):
        call_command("rotate_keys", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert document["columns"][0]["unreadable"] == [secrets[2].pk]
    assert document["columns"][0]["rotated"] == 5


@pytest.mark.usefixtures("secrets")
def test_access_token_no_key_opens_is_made_anew_and_fails_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    registration = AppRegistrationFactory()
    token = AccessToken.objects.create(tenant=registration.tenant, registration=registration, token="t")
    with connection.cursor() as cursor:
        stray = Fernet(Fernet.generate_key()).encrypt(b"x")
        cursor.execute("UPDATE tenants_accesstoken SET token = %s WHERE id = %s", [stray, token.pk])
    call_command("rotate_keys")
    assert "AccessToken.token: 0 re-encrypted, 0 had the key already; 1 that no key opens" in "".join(
        capsys.readouterr()
    )


@pytest.mark.usefixtures("secrets")
def test_sentences_name_model_column_and_counts_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """S-17, S-22."""
    call_command("rotate_keys")
    told = "".join(capsys.readouterr())
    assert "tenants.CredentialSecret.material: 6 re-encrypted" in told
    assert CANARY_SECRET not in told


@pytest.mark.usefixtures("secrets")
def test_tokens_are_rotated_too_and_absent_ones_skipped(
    use_keys: UseKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    use_keys(OLD)
    for token in ("token-value", None):
        registration = AppRegistrationFactory()
        AccessToken.objects.create(tenant=registration.tenant, registration=registration, token=token)
    use_keys(NEW, OLD)
    call_command("rotate_keys", "--json")
    columns = {each["model"]: each for each in json.loads(capsys.readouterr().out)["columns"]}
    assert columns["tenants.AccessToken"]["rotated"] == 1


@pytest.mark.parametrize("chunk", [2, 3, 500])
@pytest.mark.usefixtures("secrets")
def test_reading_takes_one_statement_for_each_chunk(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(key_rotation, "CHUNK_ROWS", chunk)
    with CaptureQueriesContext(connection) as queries:
        rotate_keys(advance=lambda count: None)
    reads = [one for one in queries if one["sql"].startswith("SELECT") and "credentialsecret" in one["sql"]]
    assert len(reads) == -(-6 // chunk) + 1


@pytest.mark.usefixtures("secrets", "small_chunks")
def test_progress_is_told_chunk_by_chunk() -> None:
    told: list[int] = []
    rotate_keys(advance=told.append)
    assert told == [2, 2, 2]
