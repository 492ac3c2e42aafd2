"""Codes of outgoing mail."""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_SEND_OVER = "Open the mailbox, choose Microsoft Graph under “Outgoing mail” and save"

SENDING: dict[str, Advice] = {
    "outbound_off": Advice(
        _HERE,
        "This mailbox sends no mail: its outgoing mail is switched off.",
        f"{_SEND_OVER}; the app registration needs the permission Mail.Send.",
    ),
    "outbound_paused": Advice(
        _HERE,
        "This mailbox or its tenant is switched off, so nothing is sent.",
        "Switch the mailbox and its tenant on; the next “Test configuration” tries to send.",
    ),
    "ticket_without_mailbox": Advice(
        _HERE,
        "The mailbox this ticket came to has been removed, so there is nothing to answer from.",
        "Answer from Outlook, or connect the mailbox again; its new mails open tickets as before.",
    ),
    "reply_empty": Advice(_HERE, "The answer has no text.", "Write something and send it again."),
    "reply_unreadable": Advice(
        _HERE,
        "The formatted answer is too long, or nested too deeply, to be read.",
        "Shorten it or its quote, or switch the formatting off and send it as plain text.",
    ),
    "recipient_missing": Advice(
        _HERE, "There is nobody to send this answer to.", "Enter the address of the recipient."
    ),
    "recipient_invalid": Advice(
        _HERE,
        "One of the recipients is not a mail address.",
        "Correct it; addresses look like ada@contoso.example and are separated by commas.",
    ),
    "recipient_own": Advice(
        _HERE,
        "One of the recipients is a mailbox of this helpdesk; its mail would come back as a loop.",
        "Remove that address.",
    ),
    "recipients_too_many": Advice(
        _HERE, "A mail may have 500 recipients at most.", "Remove some, or send several mails."
    ),
    "files_too_large": Advice(
        _HERE,
        "The files are larger than Exchange takes in one mail.",
        "Send fewer or smaller files, or a link to where they can be fetched.",
    ),
    "draft_file_gone": Advice(
        Actor.USER,
        "A file of this draft is no longer kept: the draft was thrown away elsewhere, or sent.",
        "Attach the file again.",
    ),
    "file_missing": Advice(
        Actor.OPERATOR,
        "A file of this mail is no longer in this server's storage.",
        "Restore MEDIA_ROOT from the backup, then send it again.",
    ),
    "upload_lost": Advice(
        Actor.MICROSOFT,
        "Exchange has ended the upload of a large file before all of it was confirmed.",
        "Nothing: the next try looks how far it came and goes on from there.",
    ),
    "drafts_denied": Advice(
        Actor.CUSTOMER_ADMIN,
        "The permission Mail.Send alone makes no drafts: files of more than 1.6 MB cannot be sent, and a mail whose "
        "answer is lost waits for a person.",
        "Grant the app registration Mail.ReadWrite with admin consent, where that is wanted.",
    ),
    "drafts_needed": Advice(
        Actor.CUSTOMER_ADMIN,
        "Files of this size need a draft in the mailbox, which the permission Mail.Send alone does not allow.",
        "Grant the app registration Mail.ReadWrite with admin consent, then send it again.",
    ),
    "sender_refused": Advice(
        Actor.CUSTOMER_ADMIN,
        "Exchange does not let this mailbox send from the address that is configured for it.",
        "Exchange admin center > Recipients > the mailbox of that address > Delegation: give Send as to the account "
        "that sends (felt within an hour), or let the helpdesk send from another address. Then test with a mail.",
    ),
    "alias_refused": Advice(
        Actor.CUSTOMER_ADMIN,
        "Exchange does not let this mailbox send from one of its further addresses; answers leave from the from "
        "address instead.",
        "Make it an alias of this mailbox, or give Send as on the mailbox it belongs to; then test with a mail.",
    ),
    "sender_replaced": Advice(
        Actor.CUSTOMER_ADMIN,
        "Exchange does not let this mailbox send from the address the customer wrote to; this mail leaves from the "
        "from address instead.",
        "Make it an alias of this mailbox, or give Send as on the mailbox it belongs to.",
    ),
    "sender_unproved": Advice(
        _HERE,
        "Nothing has been sent from here yet, so it is not known whether Exchange lets this mailbox send from it.",
        "Press “Test configuration”, or run `manage.py doctor --send-to ADDRESS`: one mail is sent from each address.",
    ),
    "answers_unread": Advice(
        _HERE,
        "No mailbox here reads what arrives at the address customers answer to; their answers would open no ticket.",
        "Enter a reply address that is a mailbox here or among its further addresses, or connect that mailbox. Where "
        "Exchange forwards the address to this mailbox, add it to the further addresses.",
    ),
    "send_too_late": Advice(
        Actor.USER,
        "This mail could not be sent for five days, and does not leave by itself any more.",
        "See whether it is still wanted; then send it again, or cancel it.",
    ),
    "send_in_doubt": Advice(
        _HERE,
        "Whether this mail was sent is unknown: the answer was lost, and no trace of it is found in the mailbox.",
        "Look in Outlook's Sent Items. If it is there, press “It was sent” in the outbox; if it is not, send it again. "
        "Over Microsoft Graph with the permission Mail.ReadWrite such cases clear up by themselves.",
    ),
    "mail_bounced": Advice(
        Actor.USER,
        "The mail was sent, but the recipient's server reports that it could not be delivered.",
        "Read the report on the ticket, correct the address and answer again.",
    ),
}
