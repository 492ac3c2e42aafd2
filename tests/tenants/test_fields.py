"""F-83, S-17, S-20, S-23: what an encrypted column gives, refuses and hides."""

import io
import pickle
from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import Settings

from tenants.fields import EncryptedTextField, Unreadable, encrypted_fields
from tenants.key_rotation import encrypted_columns
from tenants.models import AccessToken, AppRegistration, Credential, CredentialSecret, Tenant
from tests.factories import CANARY_SECRET, AppRegistrationFactory, CredentialFactory

pytestmark = pytest.mark.django_db

OLD, NEW = "old-key-of-at-least-32-characters-ok", "new-key-of-at-least-32-characters-ok"
UseKeys = Callable[..., None]


def forget_keys() -> None:
    for _model, column in encrypted_columns():
        for name in ("keys", "fernet_keys", "fernet"):
            column.__dict__.pop(name, None)


@pytest.fixture
def use_keys(settings: Settings) -> Iterator[UseKeys]:
    def use(*keys: str) -> None:
        settings.FERNET_KEYS = list(keys)
        forget_keys()

    yield use
    forget_keys()


def stored(credential: Credential) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT material FROM tenants_credentialsecret WHERE credential_id = %s", [credential.pk]
        )
        return bytes(cursor.fetchone()[0])


def overwrite(credential: Credential, content: bytes) -> None:
    with connection.cursor() as cursor:
        statement = "UPDATE tenants_credentialsecret SET material = %s WHERE credential_id = %s"
        cursor.execute(statement, [connection.Database.Binary(content), credential.pk])


def reloaded(credential: Credential) -> Credential:
    return Credential.objects.select_related("secret").get(pk=credential.pk)


@pytest.mark.parametrize("keys", [(OLD,), (OLD, NEW), (NEW, OLD)])
def test_secret_opens_with_its_key_in_any_place_of_the_list(use_keys: UseKeys, keys: tuple[str, ...]) -> None:
    use_keys(OLD)
    credential = CredentialFactory()
    use_keys(*keys)
    assert reloaded(credential).open().value == CANARY_SECRET


def test_secret_of_a_lost_key_is_unreadable_and_its_neighbours_are_not(use_keys: UseKeys) -> None:
    use_keys(OLD)
    lost = CredentialFactory()
    use_keys(NEW)
    kept = CredentialFactory()
    found = {row.pk: row.is_readable() for row in Credential.objects.select_related("secret")}
    assert found == {lost.pk: False, kept.pk: True}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:30] + bytes([text[30] ^ 1]) + text[31:],
        lambda text: text[:20],
        lambda text: b"",
        lambda text: Fernet(Fernet.generate_key()).encrypt(b"somebody else's"),
        lambda text: b"\xff\xfe\x00",
    ],
    ids=["one byte flipped", "truncated", "empty", "foreign", "binary"],
)
def test_damaged_secret_is_unreadable_and_never_an_error(damage: Callable[[bytes], bytes]) -> None:
    credential = CredentialFactory()
    overwrite(credential, damage(stored(credential)))
    assert reloaded(credential).secret.material == Unreadable()
    assert not reloaded(credential).is_readable()


def test_unreadable_secret_refuses_to_be_saved_over_what_is_stored(use_keys: UseKeys) -> None:
    credential = CredentialFactory()
    before = stored(credential)
    use_keys(NEW)
    secret = CredentialSecret.objects.get(pk=credential.pk)
    with pytest.raises(ValueError, match="enter it again"), transaction.atomic():
        secret.save()
    assert stored(credential) == before


def test_bulk_update_encrypts_each_value_and_not_its_expression() -> None:
    rows = [CredentialFactory().secret for _row in range(3)]
    for place, row in enumerate(rows):
        row.material = f'{{"value": "changed-{place}"}}'
    CredentialSecret.objects.bulk_update(rows, ["material"])
    opened = [credential.open().value for credential in Credential.objects.order_by("pk")]
    assert opened == ["changed-0", "changed-1", "changed-2"]


@pytest.mark.parametrize("lookup", ["exact", "contains", "in"])
def test_secret_cannot_be_searched_for(lookup: str) -> None:
    with pytest.raises(FieldError):
        CredentialSecret.objects.filter(**{f"material__{lookup}": ["x"] if lookup == "in" else "x"}).exists()


def test_no_secret_lies_readable_in_the_database() -> None:
    assert CANARY_SECRET.encode() not in stored(CredentialFactory())


def test_absent_token_stays_absent() -> None:
    registration: AppRegistration = AppRegistrationFactory()
    AccessToken.objects.create(tenant=registration.tenant, registration=registration)
    assert AccessToken.objects.get(token__isnull=True).token is None


def test_dumpdata_shows_a_placeholder_in_place_of_each_secret() -> None:
    """S-20."""
    CredentialFactory()
    out = io.StringIO()
    call_command("dumpdata", "tenants", stdout=out)
    assert CANARY_SECRET not in out.getvalue()
    assert '"material": "[encrypted]"' in out.getvalue()


@pytest.mark.parametrize("form", ["json", "xml", "jsonl"])
def test_every_serializer_hides_secrets(form: str) -> None:
    credential = CredentialFactory()
    assert CANARY_SECRET not in serializers.serialize(form, [credential.secret])


def test_credential_shows_nothing_of_itself_in_text() -> None:
    """S-23: repr, str and format of the row, its secret and the opened value."""
    credential = CredentialFactory()
    shown = f"{credential} {credential!r} {credential.secret} {credential.secret!r} {credential.open()!r}"
    assert CANARY_SECRET not in shown


def test_pickled_credential_holds_no_secret_unless_it_was_loaded() -> None:
    """S-23: a list of credentials never selects the secret's table."""
    CredentialFactory()
    assert CANARY_SECRET.encode() not in pickle.dumps(list(Credential.objects.all()))


def test_encrypted_columns_are_found_by_their_class() -> None:
    assert [column.name for column in encrypted_fields(CredentialSecret)] == ["material"]
    assert encrypted_fields(Tenant) == []
    assert all(isinstance(column, EncryptedTextField) for _model, column in encrypted_columns())
