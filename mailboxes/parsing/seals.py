"""What is signed, encrypted or protected: recognised and said; no signature is checked, nothing decrypted."""

from collections.abc import Sequence
from typing import Final

from .leaves import Branch, Leaf, walk

SMIME: Final = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_SMIME_SIGNATURES: Final = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature"))
_BEGINNING_BYTES: Final = 80
_PROTECTED: Final = "application/x-microsoft-rpmsg-message"
# 1.2.840.113549.1.7.2, signed data, as it stands at the beginning of the part.
_SIGNED_BYTES: Final = bytes.fromhex("2a864886f70d010702")
_NOTABLE: Final = frozenset((*SMIME, *_SMIME_SIGNATURES, _PROTECTED, "application/pgp-signature"))


def read_seal(tree: Branch | Leaf, *, plain: str, attached: Sequence[Leaf]) -> str:
    """Give the code of the strongest seal on the mail, "" for none.

    Codes: microsoft_protected, smime_encrypted, smime_opaque, pgp_encrypted, smime_signed, pgp_signed.
    """
    if any(leaf.content_type == _PROTECTED or leaf.filename.lower().endswith(".rpmsg") for leaf in attached):
        return "microsoft_protected"
    for leaf in attached:
        if leaf.content_type in SMIME and not leaf.is_opened:
            return _of_smime(leaf)
    if isinstance(tree, Branch) and tree.subtype == "encrypted":
        return "pgp_encrypted"
    if "-----BEGIN PGP MESSAGE-----" in plain:
        return "pgp_encrypted"
    return "smime_signed" if any(leaf.is_opened for leaf in attached) else _of_signatures(tree)


def beginning(leaf: Leaf) -> bytes:
    """Give the first bytes of a part, wherever it is kept."""
    if leaf.cut is None:
        return leaf.content[:_BEGINNING_BYTES]
    with leaf.cut.path.open("rb") as file:
        return file.read(_BEGINNING_BYTES)


def _of_smime(leaf: Leaf) -> str:
    if leaf.filename.lower().endswith(".p7s"):
        return "smime_signed"
    return "smime_opaque" if _SIGNED_BYTES in beginning(leaf) else "smime_encrypted"


def _of_signatures(tree: Branch | Leaf) -> str:
    kinds = {leaf.content_type for leaf in walk(tree)} & _NOTABLE if isinstance(tree, Branch) else set()
    if kinds & _SMIME_SIGNATURES:
        return "smime_signed"
    return "pgp_signed" if "application/pgp-signature" in kinds else ""
