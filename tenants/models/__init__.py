from tenants.models.alert import Alert
from tenants.models.audit import AuditEntry
from tenants.models.calendar_link import CalendarLink
from tenants.models.consent import Consent
from tenants.models.credential import Credential, CredentialSecret
from tenants.models.membership import Membership
from tenants.models.registration import AppRegistration
from tenants.models.round_trip import ConsentRequest, SignInAttempt
from tenants.models.scope_proof import ScopeProof
from tenants.models.second_factor import RecoveryCode, SecondFactor
from tenants.models.staff_identity import StaffIdentity
from tenants.models.tenant import Tenant
from tenants.models.token import AccessToken

__all__ = [
    "AccessToken",
    "Alert",
    "AppRegistration",
    "AuditEntry",
    "CalendarLink",
    "Consent",
    "ConsentRequest",
    "Credential",
    "CredentialSecret",
    "Membership",
    "RecoveryCode",
    "ScopeProof",
    "SecondFactor",
    "SignInAttempt",
    "StaffIdentity",
    "Tenant",
]
