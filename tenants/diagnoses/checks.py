"""Codes of the examination of a mailbox: what it warns of, and why it could not look at something."""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_THERE = Actor.CUSTOMER_ADMIN
_NOBODY = "Nothing to do."

CHECKS: dict[str, Advice] = {
    "check_not_reached": Advice(
        _HERE,
        "This was not looked at: an earlier step failed.",
        "Repair the step above first, then test again.",
    ),
    "check_public_client": Advice(
        _HERE, "The registration has no credential: people sign in to it as a public client.", _NOBODY
    ),
    "check_other_wire": Advice(
        _HERE,
        "This step is made for mailboxes that are read over Microsoft Graph.",
        "Look at the state of the mailbox: its next look shows whether it can be read.",
    ),
    "check_no_user": Advice(
        _HERE, "No user signs in here: the application itself opens the mailbox.", _NOBODY
    ),
    "trial_unaddressed": Advice(
        _HERE,
        "No test mail was sent: it is not known where to.",
        "Have the operator enter a mail address on your account, or use `manage.py doctor --send-to ADDRESS`.",
    ),
    "trial_not_sent": Advice(
        _HERE,
        "No test mail has been sent yet, so there is no answer to it.",
        "Press “Test configuration”, or run `manage.py doctor --send-to ADDRESS`, and answer the mail.",
    ),
    "trial_unanswered": Advice(
        _HERE,
        "The latest test mail has not been answered, or its answer was not filed on the ticket of that mail.",
        "Answer the test mail from the mailbox it went to and test again after a minute. Should the answer stand on "
        "another ticket, look at the reply address and at what the page of this mailbox says about Message-ID.",
    ),
    "write_not_needed": Advice(
        _HERE, "Mail is left as it is in this mailbox, so the right to change it is not needed.", _NOBODY
    ),
    "sent_items_off": Advice(
        _HERE, "Answers that people write in Outlook are not looked for: that is switched off here.", _NOBODY
    ),
    "sent_items_unread": Advice(
        _HERE,
        "Sent Items opens, and has not been read yet.",
        "It is read from the next look at the mailbox on; what was sent before is left alone. “Sync now” "
        "looks at once.",
    ),
    "sent_items_silent": Advice(
        _THERE,
        "Sent Items is read, and nothing that was written in Outlook has ever appeared in it. For a shared mailbox "
        "Exchange keeps the copy with whoever wrote it, unless MessageCopyForSentAsEnabled is on.",
        "If people answer from Outlook, run the command shown in Exchange Online PowerShell, then answer one mail from "
        "Outlook: it appears on its ticket. If nobody does, switch “answers from Outlook” off on the mailbox.",
    ),
    "settings_unreadable": Advice(
        _THERE,
        "This cannot be checked from here: the application may not read the settings of the mailbox "
        "(MailboxSettings.Read, which is optional).",
        "Look at the kind of mailbox in the Exchange admin center > Recipients > Mailboxes, and at its time zone in "
        "Outlook on the web > Settings > General > Language and time.",
    ),
    "clock_drift": Advice(
        Actor.OPERATOR,
        "This server's clock differs from Microsoft's by more than a minute.",
        "Set the clock by NTP (`timedatectl set-ntp true`) before the difference grows to five minutes.",
    ),
    "secret_is_id": Advice(
        _HERE,
        "What is stored as the client secret looks like the Secret ID, which is not the secret.",
        "Entra admin center > App registrations > this application > Certificates & secrets: copy the column Value. If "
        "only dots are shown there, make a new client secret, copy its Value at once and enter it here.",
    ),
    "credential_undated": Advice(
        _HERE,
        "Nobody has entered when the credential expires, so nobody will be warned.",
        "Copy the date from Entra > App registrations > this application > Certificates & secrets.",
    ),
    "credential_ending": Advice(
        _HERE,
        "The credential expires soon.",
        "Make a new client secret or certificate in Entra and add it here beside the old one; both work meanwhile.",
    ),
    "credential_date_passed": Advice(
        _HERE,
        "The credential has expired by the date entered here.",
        "Make a new client secret or certificate in Entra and add it here; if it still works, correct the date.",
    ),
    "credential_newest_refused": Advice(
        _HERE,
        "Entra refuses the newest credential; an older one still works, until it expires.",
        "Delete the newest credential here, make a new client secret in Entra, and enter its Value.",
    ),
    "permission_missing": Advice(
        _THERE,
        "The application lacks permissions this mailbox needs.",
        "Entra admin center > App registrations > this application > API permissions > Add a permission: add those "
        "named, then Grant admin consent and confirm with Yes. Or give the application an Exchange role on this "
        "mailbox (RBAC for Applications).",
    ),
    "permission_superfluous": Advice(
        _THERE,
        "The application holds permissions that nothing here uses.",
        "Entra admin center > App registrations > this application > API permissions: remove those named, unless "
        "another program uses the same registration; such a program should have a registration of its own.",
    ),
    "permission_to_send_unused": Advice(
        _HERE,
        "The application may send mail, and no mailbox it opens here sends any.",
        "If answers are to leave from here, open the mailbox, choose Microsoft Graph under “Outgoing mail” and save. "
        "If not, Mail.Send can be removed from the app registration at Microsoft.",
    ),
    "mailbox_purpose": Advice(
        _HERE,
        "This is the mailbox of a room or a device, not one people write to for help.",
        "Check the address of the mailbox.",
    ),
    "time_zone_differs": Advice(
        Actor.USER,
        "The mailbox keeps another time zone than this helpdesk.",
        "Right if its people work there; else correct it in Outlook on the web > Settings > General > Language and "
        "time.",
    ),
    "other_installation": Advice(
        _HERE,
        "Another installation of this helpdesk tidies up this folder; here mail is read and filed, and left there.",
        "Stop one of the two, or give each a folder of its own. “Take the folder over” on the mailbox makes it ours.",
    ),
    "marker_impossible": Advice(
        _HERE,
        "Whether another installation works on this folder cannot be told over IMAP and POP3: a folder carries no "
        "hidden mark there. A copy of this database is noticed all the same, and leaves the mail alone.",
        "See to it that only one installation reads this mailbox. Mails that others take before this one has tidied "
        "them up are counted on its page.",
    ),
    "marker_unreadable": Advice(
        _HERE,
        "Whether another installation works on this folder cannot be checked from here.",
        "See to it that only one installation reads this mailbox.",
    ),
    "scope_open": Advice(
        _THERE,
        "The application opens a mailbox it must not reach: it is not limited to the mailboxes of this helpdesk.",
        "Limit it as the setup guide says (RBAC for Applications), then remove the same permissions in Entra > App "
        "registrations > this application > API permissions: what is consented there opens every mailbox.",
    ),
    "scope_without_mailbox": Advice(
        _HERE,
        "The limit cannot be proved: no mailbox of this registration is read by the application itself.",
        "Switch on a mailbox of this registration, then try again.",
    ),
    "draft_left": Advice(
        Actor.USER,
        "The draft made for this test could not be removed again.",
        "Delete it from the folder Drafts of the mailbox; its subject says what it was for.",
    ),
}
