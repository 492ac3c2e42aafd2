"""The groups of a mailbox's form, with what an operator has to know about each."""

from typing import Any

from django.utils.translation import gettext_lazy as _

FIELDSETS: Any = [
    (
        _("Mailbox"),
        {
            "fields": ["tenant", "address", "registration", "queue", "is_active"],
            "description": _("Whose mailbox it is, which app registration opens it, where its tickets wait."),
        },
    ),
    (
        _("Sign-in"),
        {
            "fields": ["sign_in", "signed_in_user", "password"],
            "description": _(
                "Who opens the mailbox at Microsoft: the application itself, or a person for it. The signed-in user is "
                "filled in for shared mailboxes, which cannot sign in themselves; blank is the mailbox's own account. "
                "Save first, then press “Sign in” above."
            ),
        },
    ),
    (
        _("Incoming mail"),
        {
            "fields": [
                "inbound_transport",
                "folder",
                "since",
                "since_at",
                "preview_first",
                "reads_sent",
                "joins_by_subject",
            ],
            "description": _(
                "Which mail becomes tickets. “From now on” counts from the moment it is chosen and saved; older "
                "mail that is imported is never answered automatically. An answer that somebody writes in Outlook is "
                "seen when its copy lies in this mailbox's Sent Items. For a shared mailbox Exchange keeps the copy "
                "with whoever wrote it, unless its administrator runs, in PowerShell: Set-Mailbox -Identity "
                "ADDRESS -MessageCopyForSentAsEnabled $true -MessageCopyForSendOnBehalfEnabled $true"
            ),
        },
    ),
    (
        _("After filing"),
        {
            "fields": ["after", "move_to", "confirm_address", "copy_to"],
            "description": _(
                "What happens in the customer's mailbox with a mail that is safely stored and on a ticket. "
                "A folder that does not exist is created at the first sync."
            ),
        },
    ),
    (
        _("Outgoing mail"),
        {
            "fields": [
                "outbound_transport",
                "outbound_from",
                "aliases",
                "reply_to",
                "outbound_registration",
                "outbound_sign_in",
                "outbound_signed_in_user",
                "outbound_password",
                "outbound_footer",
            ],
            "description": _(
                "How answers leave. App registration, sign-in and signed-in user are those of incoming mail where they "
                "are left blank; anything else is authorised apart, with a “Sign in” of its own above. Microsoft Graph "
                "is the better wire: the app registration needs Mail.Send; with Mail.ReadWrite as well, files up to "
                "150 MB can be sent and a lost answer of Microsoft's clears up by itself. SMTP needs SMTP.SendAsApp "
                "(SMTP.Send where a person signs in), SMTP AUTH switched on for the mailbox, and takes 35 MB in one "
                "mail. An answer leaves from the address the customer wrote to; one that belongs to another mailbox "
                "needs the right “Send as” in Exchange, which “Test configuration” tries out."
            ),
        },
    ),
]
