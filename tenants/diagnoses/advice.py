from dataclasses import dataclass
from enum import StrEnum


class Actor(StrEnum):
    """Who has to act before things can work again."""

    OPERATOR = "operator"  #: runs this installation: network, clock, keys, versions
    TENANT_ADMIN = "tenant_admin"  #: looks after this customer in the helpdesk: values entered here
    CUSTOMER_ADMIN = "customer_admin"  #: administers the customer's Entra and Exchange
    USER = "user"  #: owns the mailbox or the account that signs in
    MICROSOFT = "microsoft"  #: nobody here; it comes back by itself


@dataclass(frozen=True, slots=True)
class Advice:
    """One row of the catalogue, without the particulars of the moment."""

    who: Actor
    cause: str
    fix: str
