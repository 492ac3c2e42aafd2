"""Flow: a code of an app, or a recovery code, beside the password; off for an account until it sets it up.

Who signs in with Microsoft is not asked: his directory decides there what it wants to see. A code is good once,
30 seconds early or late; wrong ones count towards the lock-out like wrong passwords.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import time
from typing import Final

import pyotp
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from tenants import audit
from tenants.models import RecoveryCode, SecondFactor, Tenant
from tenants.redaction import remember

log = logging.getLogger(__name__)
#: Steps of 30 seconds that a clock may be wrong, either way.
WINDOW: Final = 1
RECOVERY_CODES: Final = 10
#: 80 bits each: nobody tries them all, so that a fast digest is enough.
RECOVERY_BYTES: Final = 10
#: Longest text that is looked at as a code. Characters.
LONGEST: Final = 40


def factor_of(user: User) -> SecondFactor | None:
    """Give what the account has set up and confirmed."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


def is_required(user: User) -> bool:
    """Tell whether a tenant the account works for asks for a second step; the operator works for all."""
    return Tenant.objects.visible_to(user).filter(requires_second_factor=True).exists()


def is_missing(user: User) -> bool:
    return is_required(user) and factor_of(user) is None


def mark_of(user: User) -> str:
    """Give a word that changes with the second step of an account, and when one is asked for that it lacks."""
    own = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    asking = Tenant.objects.visible_to(user).filter(requires_second_factor=True)
    row = User.objects.filter(pk=user.pk).annotate(own=Subquery(own.values("pk")), is_asked=Exists(asking))
    number, is_asked = row.values_list("own", "is_asked").get()
    return f"step:{number}" if number else "step:missing" * is_asked


def begin(user: User) -> SecondFactor:
    """Make a secret that counts for nothing until `confirm`; one made before and never confirmed is dropped."""
    SecondFactor.objects.filter(user=user, confirmed_at=None).delete()
    return SecondFactor.objects.create(user=user, secret=pyotp.random_base32())


def pending_of(user: User) -> SecondFactor | None:
    """Give what was begun and not confirmed."""
    return SecondFactor.objects.filter(user=user, confirmed_at=None).first()


def address_of(factor: SecondFactor) -> str:
    """Give the address an app reads from the QR code."""
    remember(factor.secret)
    return pyotp.TOTP(factor.secret).provisioning_uri(
        name=factor.user.get_username(), issuer_name="Helpdesk mail"
    )


def confirm(factor: SecondFactor, *, code: str) -> list[str] | None:
    """Switch it on when the app shows the right code; gives the recovery codes, which nobody can see again."""
    with transaction.atomic():
        if not _accepts(factor, _plain(code)):
            return None
        SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
        audit.note(audit.Action.ADDED, factor, by=factor.user)
        return _fresh_codes(factor)


def renew_codes(factor: SecondFactor) -> list[str]:
    """Make new recovery codes; the old ones are good for nothing from then on."""
    with transaction.atomic():
        audit.note(audit.Action.CHANGED, factor, by=factor.user, recovery_codes=[])
        return _fresh_codes(factor)


def remove(factor: SecondFactor, *, by: audit.Actor) -> None:
    """Take it off an account; its next sign-in asks for the password alone."""
    with transaction.atomic():
        audit.note(audit.Action.DELETED, factor, by=by)
        factor.delete()


def admits(factor: SecondFactor, *, code: str) -> bool:
    """Use a code up: of the app, or one of the recovery codes."""
    plain = _plain(code)
    if _accepts(factor, plain):
        return True
    with transaction.atomic():
        used, _kinds = RecoveryCode.objects.filter(factor=factor, digest=_digest(plain)).delete()
        if used:
            left = factor.recovery_codes.count()
            audit.note(audit.Action.RECOVERED, factor, by=factor.user, recovery_codes_left=left)
    return bool(used)


def _accepts(factor: SecondFactor, code: str) -> bool:
    # A secret that no key opens is empty: the recovery codes still work, and the operator can take it off.
    if not factor.secret or not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    try:
        step = pyotp.TOTP(factor.secret).verify_and_get_timecode(
            code, for_time=time.time(), valid_window=WINDOW
        )
    except pyotp.OTPVerificationError:
        return False
    # Of two browsers with the same code one gets in.
    fresh = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return bool(fresh.update(last_step=step))


def _fresh_codes(factor: SecondFactor) -> list[str]:
    made = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(factor=factor, digest=_digest(one)) for one in made])
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in made]


def _plain(code: str) -> str:
    return "".join(code[:LONGEST].split()).replace("-", "").lower()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
