"""Encrypted model fields: the only way a secret reaches a column."""

from __future__ import annotations

from typing import Any, Final

from cryptography.fernet import InvalidToken
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from fernet_fields import EncryptedTextField as FernetTextField

#: What a serializer writes instead of a secret, so that `dumpdata` shows that there was one and nothing of it.
REDACTED: Final = "[encrypted]"


class Unreadable(str):
    """Stand-in for a value none of our keys can decrypt; it is empty text, and refuses to be saved."""

    __slots__ = ()


class EncryptedTextField(FernetTextField):  # type: ignore[misc]
    """Text that is encrypted with the first of FERNET_KEYS and readable with any of them.

    A value that no key opens is loaded as `Unreadable` instead of failing the whole query: one lost key must not
    take a list page down. Lookups other than `isnull` are refused by the base class.
    """

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if isinstance(value, Unreadable):
            raise ValueError(f"{self.name}: an unreadable secret cannot be saved; enter it again.")
        # The base class would encrypt the text of an expression (bulk_update's CASE); its inner values come back here.
        if hasattr(value, "as_sql"):
            return value
        return super().get_db_prep_save(value, connection)

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper, *args: Any
    ) -> str | None:
        try:
            found: str | None = super().from_db_value(value, expression, connection, *args)
        except (InvalidToken, UnicodeDecodeError):
            return Unreadable()
        return found

    def value_to_string(self, obj: Any) -> str:
        return REDACTED


def encrypted_fields(model: type[Any]) -> list[Field[Any, Any]]:
    """List the encrypted columns of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
