"""Graph's and Exchange's error codes. Keys keep Microsoft's spelling; look-ups ignore letter case.

Meaning: https://learn.microsoft.com/graph/errors and the pages of each resource.
"""

from tenants.diagnoses.advice import Actor, Advice

_THERE = Actor.CUSTOMER_ADMIN
_NO_MAILBOX = Advice(
    _THERE,
    "The address has no usable mailbox in Exchange Online: no licence, recently deleted, on premises, or "
    "only "
    "just created.",
    "Microsoft 365 admin center > Users: check that the account exists with an Exchange Online licence "
    "(a new "
    "mailbox needs up to some hours). A mailbox on premises has to be migrated first.",
)
_NO_ADDRESS = Advice(
    Actor.TENANT_ADMIN,
    "The customer's directory knows no mailbox with this address.",
    "Check the spelling of the mailbox address and that it belongs to this tenant; a distribution list or "
    "group is not a mailbox.",
)
_TOKEN = Advice(
    Actor.OPERATOR,
    "Graph did not accept the access token, not even a fresh one.",
    "Check the tenant's cloud, this server's clock, and that nothing between here and Microsoft changes "
    "requests; then press Sync now.",
)
_GONE = Advice(
    Actor.USER,
    "The item is no longer there: somebody moved or deleted it.",
    "Nothing to do if that was intended.",
)
_FOLDER = Advice(
    Actor.TENANT_ADMIN,
    "The folder set for this mailbox no longer exists.",
    "Open the mailbox here, press “Choose folder” and take it from the list of those that are there.",
)
_RESYNC = Advice(
    Actor.MICROSOFT,
    "Exchange forgot how far this folder had been read.",
    "Nothing to do: the folder is walked again by itself, and mails already imported are recognised.",
)
_THROTTLED = Advice(
    Actor.MICROSOFT,
    "Microsoft asks for fewer requests for a while.",
    "Nothing to do: it goes on at the time shown. If it stays so, another program uses the same application "
    "on this mailbox.",
)
_BUSY = Advice(
    Actor.MICROSOFT,
    "Microsoft's side had a passing fault.",
    "Nothing to do: it is tried again by itself. If it lasts for hours, look at the Microsoft 365 status "
    "page.",
)
_FULL = Advice(
    _THERE,
    "The mailbox is full; moving and sending fail until there is room.",
    "Empty or archive the mailbox, or raise its quota in the Exchange admin center.",
)
_LIMIT = Advice(
    _THERE,
    "The mailbox has reached Exchange's sending limit for the day.",
    "Wait until tomorrow, or spread the sending over more mailboxes.",
)
_REQUEST = Advice(
    Actor.OPERATOR,
    "Graph could not make sense of the request.",
    "Report this code with its request id: the request is built by this program.",
)
_CONFLICT = Advice(
    Actor.MICROSOFT,
    "The item changed at Microsoft while it was being worked on.",
    "Nothing to do: it is read again and repeated by itself.",
)
_TOO_LARGE = Advice(
    Actor.USER, "The message is larger than the mailbox accepts.", "Send smaller attachments or a link."
)
_DENIED = Advice(
    _THERE,
    "The mailbox may not be opened: a permission is missing or was withdrawn, or the mailbox is outside the scope "
    "given to the application.",
    "Entra admin center > App registrations > this application > API permissions: those that the setup guide names, "
    "with admin consent; or include the mailbox in the application's Exchange role (check with "
    "Test-ServicePrincipalAuthorization). A change takes up to two hours to be felt.",
)

GRAPH: dict[str, Advice] = {
    "InvalidAuthenticationToken": _TOKEN,
    "CompactToken": _TOKEN,
    "unauthenticated": _TOKEN,
    "ErrorAccessDenied": _DENIED,
    "accessDenied": _DENIED,
    "Authorization_RequestDenied": Advice(
        _THERE,
        "The application lacks a permission on the directory.",
        "Entra admin center > App registrations > this application > API permissions: add what the setup "
        "page "
        "lists, then Grant admin consent.",
    ),
    "ErrorSendAsDenied": Advice(
        _THERE,
        "The account may not send in the name of this address.",
        "Exchange admin center > Recipients > the mailbox > Delegation: give Send as (it takes up to an "
        "hour).",
    ),
    "extensionError": Advice(
        _THERE,
        "Exchange refused the mailbox: it is on premises, or a policy keeps applications away from it.",
        "Check where the mailbox is hosted, and the application access policies in Exchange "
        "(Get-ApplicationAccessPolicy).",
    ),
    "MailboxNotEnabledForRESTAPI": _NO_MAILBOX,
    "ErrorMailboxNotFound": _NO_MAILBOX,
    "ErrorNonExistentMailbox": _NO_MAILBOX,
    "ErrorMissingEmailAddress": _NO_MAILBOX,
    "ErrorInvalidUser": _NO_ADDRESS,
    "Request_ResourceNotFound": _NO_ADDRESS,
    "ResourceNotFound": _NO_ADDRESS,
    "ErrorItemNotFound": _GONE,
    "itemNotFound": _GONE,
    "ErrorFolderNotFound": _FOLDER,
    "ErrorFolderExists": Advice(
        Actor.MICROSOFT,
        "There is already a folder with this name.",
        "Nothing to do: the existing one is used.",
    ),
    "nameAlreadyExists": Advice(
        Actor.MICROSOFT,
        "There is already something with this name.",
        "Nothing to do: the existing one is used.",
    ),
    "syncStateNotFound": _RESYNC,
    "syncStateInvalid": _RESYNC,
    "resyncRequired": _RESYNC,
    "ErrorInvalidSyncStateData": _RESYNC,
    "Directory_ExpiredPageToken": _RESYNC,
    "ApplicationThrottled": _THROTTLED,
    "TooManyRequests": _THROTTLED,
    "activityLimitReached": _THROTTLED,
    "MailboxConcurrency": _THROTTLED,
    "ErrorExceededConnectionCount": _THROTTLED,
    "ErrorServerBusy": _BUSY,
    "serviceNotAvailable": _BUSY,
    "ErrorMailboxStoreUnavailable": _BUSY,
    "ErrorMailboxMoveInProgress": _BUSY,
    "ErrorTimeoutExpired": _BUSY,
    "ErrorInternalServerError": _BUSY,
    "ErrorInternalServerTransientError": _BUSY,
    "generalException": _BUSY,
    "GatewayTimeout": _BUSY,
    "FailedDependency": _BUSY,
    "ErrorIrresolvableConflict": _CONFLICT,
    "resourceModified": _CONFLICT,
    "ErrorQuotaExceeded": _FULL,
    "quotaLimitReached": _FULL,
    "ErrorExceededMessageLimit": _LIMIT,
    "ErrorMessageSizeExceeded": _TOO_LARGE,
    "RequestEntityTooLarge": _TOO_LARGE,
    "ErrorInvalidRecipients": Advice(
        Actor.USER, "At least one recipient's address is not valid.", "Correct the addresses and send again."
    ),
    "malwareDetected": Advice(
        Actor.USER,
        "Microsoft found malware in the content and refuses it.",
        "Remove the attachment and send again.",
    ),
    "ErrorInvalidIdMalformed": _REQUEST,
    "ErrorInvalidRequest": _REQUEST,
    "invalidRequest": _REQUEST,
    "invalidRange": _REQUEST,
    "BadRequest": _REQUEST,
    "RequestBodyRead": _REQUEST,
    "InefficientFilter": _REQUEST,
    "ErrorMimeContentInvalidBase64String": _REQUEST,
    "InvalidInternetMessageHeader": _REQUEST,
    "ErrorOccurrenceCrossingBoundary": _REQUEST,
    "ErrorInvalidPropertySet": _REQUEST,
    "notAllowed": _REQUEST,
    "notSupported": _REQUEST,
    "ValidationError": Advice(
        Actor.OPERATOR,
        "Microsoft could not reach this server's notification address.",
        "Open PUBLIC_URL from outside: https with a valid certificate, no redirect, no login in front of "
        "/webhooks/.",
    ),
}

#: Answers whose code says nothing, by status; the last resort before the class of the status.
BY_STATUS: dict[int, Advice] = {
    401: _DENIED,
    403: _DENIED,
    404: _GONE,
    408: _BUSY,
    409: _CONFLICT,
    410: _GONE,
    412: _CONFLICT,
    413: _TOO_LARGE,
    423: _CONFLICT,
    424: _BUSY,
    429: _THROTTLED,
    507: _FULL,
    509: _THROTTLED,
}
CLIENT_FAULT = _REQUEST
SERVER_FAULT = _BUSY
