"""Everything that can fail between us and Microsoft. Two attributes decide what happens next.

`permanent`: no retry can help, stop and show a human. `retry_after`: the peer itself said when to come back.
"""

from datetime import timedelta
from typing import Self

from tenants.diagnosis import Diagnosis, diagnose_own


class IntegrationError(Exception):
    """A failure that knows its diagnosis; str() is one clear sentence and never holds a secret."""

    permanent: bool = False
    retry_after: timedelta | None = None

    def __init__(
        self,
        diagnosis: Diagnosis,
        *,
        permanent: bool | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(diagnosis.cause)
        self.diagnosis = diagnosis
        self.permanent = type(self).permanent if permanent is None else permanent
        self.retry_after = retry_after

    @classmethod
    def own(cls, code: str, *, detail: str = "", permanent: bool | None = None) -> Self:
        """Build the error for one of our own codes."""
        return cls(diagnose_own(code, detail=detail), permanent=permanent)

    @property
    def code(self) -> str:
        return self.diagnosis.code

    def __str__(self) -> str:
        return f"{self.diagnosis.cause} [{self.diagnosis.code}]"

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"{kind}({self.code!r}, permanent={self.permanent}, retry_after={self.retry_after!r})"

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own way would call __init__ with the sentence instead of the diagnosis.
        return _rebuild, (type(self), self.diagnosis, self.permanent, self.retry_after)


def _rebuild(
    kind: type[IntegrationError], diagnosis: Diagnosis, permanent: bool, retry_after: timedelta | None
) -> IntegrationError:
    return kind(diagnosis, permanent=permanent, retry_after=retry_after)


class Misconfigured(IntegrationError):
    """A value entered here cannot work, whatever Microsoft says."""

    permanent = True


class CredentialUnusable(Misconfigured):
    """The stored secret or certificate is missing, unreadable or malformed."""


class NetworkFailure(IntegrationError):
    """Nothing was answered: name resolution, connection, TLS, time limit, proxy."""


class BadAnswer(IntegrationError):
    """Something answered, but not as Microsoft does: HTML, cut, empty, redirected, too deep."""


class AnswerTooLarge(BadAnswer):
    """The content passed the caller's bound; what came before was handed over."""

    permanent = True


class ForeignLink(BadAnswer):
    """A link left the tenant's own Graph host; it was not followed."""


class TokenRefused(IntegrationError):
    """Entra answered the request for a token with an error."""

    permanent = True


class GraphError(IntegrationError):
    """Graph answered with an error; the subclasses are those a caller may want to tell apart."""

    def __init__(
        self,
        diagnosis: Diagnosis,
        *,
        permanent: bool | None = None,
        retry_after: timedelta | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(diagnosis, permanent=permanent, retry_after=retry_after)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_graph, (type(self), self.diagnosis, self.permanent, self.retry_after, self.status)


def _rebuild_graph(
    kind: type["GraphError"],
    diagnosis: Diagnosis,
    permanent: bool,
    retry_after: timedelta | None,
    status: int,
) -> "GraphError":
    return kind(diagnosis, permanent=permanent, retry_after=retry_after, status=status)


class Throttled(GraphError):
    """Too many requests; `retry_after` is None when Microsoft did not say until when."""


class AccessDenied(GraphError):
    """The token is not accepted, or does not open this mailbox."""

    permanent = True


class MailboxUnavailable(GraphError):
    """The address has no mailbox that Graph can open: unknown, unlicensed, deleted or on premises."""

    permanent = True


class FolderGone(GraphError):
    """The folder in the address of the request does not exist any more."""

    permanent = True


class ItemGone(GraphError):
    """The message was moved away or deleted; for an acknowledgement that is as good as done."""

    permanent = True


class CursorExpired(GraphError):
    """Exchange forgot the delta state: walk the folder again from the start."""


class UploadLost(GraphError):
    """The session a large file was given to is no longer there: it is complete, has expired, or was forgotten."""


class AlreadyExists(GraphError):
    """A folder of this name is there already: look it up and use it."""

    permanent = True


class MailboxFull(GraphError):
    """Over quota: reading works, moving and sending do not."""


class RecipientRefused(IntegrationError):
    """A mail server does not take a mail for one recipient; `permanent` tells whether it ever will."""
