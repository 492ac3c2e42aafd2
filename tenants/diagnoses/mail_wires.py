"""Our codes for what IMAP and POP3 servers say in words, and for what cannot be done over them."""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_THERE = Actor.CUSTOMER_ADMIN

MAIL_WIRES: dict[str, Advice] = {
    "mail_port_closed": Advice(
        Actor.OPERATOR,
        "The connection to Microsoft's mail server was refused or not answered.",
        "Allow outgoing connections in the firewall: outlook.office365.com, port 993 for IMAP and 995 for POP3, and "
        "smtp.office365.com, port 587, for SMTP.",
    ),
    "line_break_refused": Advice(
        _HERE,
        "A name or address holds a line break or another character that no mail protocol may carry; it was not sent.",
        "Open the mailbox, type its address and folders again and save.",
    ),
    "answer_too_long": Advice(
        Actor.OPERATOR,
        "The mail server announced more than any answer to this question can hold; it was not read.",
        "Find out what stands between this server and Microsoft; it is tried again by itself.",
    ),
    "mail_login_refused": Advice(
        _THERE,
        "Exchange refused the sign-in to the mailbox over IMAP or POP3.",
        "As the application, in Exchange Online PowerShell: `New-ServicePrincipal -AppId <client id> -ObjectId "
        "<object id of the ENTERPRISE application, not of the registration>`, then `Add-MailboxPermission -Identity "
        "<mailbox> -User <that object id> -AccessRights FullAccess`. The permission IMAP.AccessAsApp or "
        "POP.AccessAsApp of Office 365 Exchange Online needs admin consent. As a person: the permission "
        "IMAP.AccessAsUser.All or POP.AccessAsUser.All, and full access to a shared mailbox. A change takes up to "
        "an hour.",
    ),
    "xoauth2_missing": Advice(
        Actor.OPERATOR,
        "The mail server does not offer to sign in with a token (XOAUTH2); no password is ever sent instead.",
        "Check M365_IMAP_URL, M365_POP_URL and M365_SMTP_URL, and that nothing between here and Microsoft rewrites "
        "mail protocols.",
    ),
    "mailbox_not_connected": Advice(
        _THERE,
        "Exchange accepted the sign-in and could not open the mailbox (“User is authenticated but not connected”).",
        "Exchange Online PowerShell: `Get-CASMailbox <mailbox> | fl ImapEnabled,PopEnabled`; if it says False, "
        "`Set-CASMailbox <mailbox> -ImapEnabled $true -PopEnabled $true`. Then `Get-MailboxPermission <mailbox>`: "
        "the application, or the person who signs in to a shared mailbox, needs FullAccess. After a change of "
        "licence or a move it may take hours; it is tried again.",
    ),
    "mail_wire_throttled": Advice(
        Actor.MICROSOFT,
        "Exchange asks for fewer requests over IMAP and POP3 for a while.",
        "Nothing to do: it goes on at the time shown.",
    ),
    "mail_wire_busy": Advice(
        Actor.MICROSOFT,
        "The mailbox is in use by too many mail programs at once, or not available for the moment.",
        "Nothing to do if it passes; else close other IMAP and POP3 programs on this mailbox.",
    ),
    "mail_command_refused": Advice(
        Actor.MICROSOFT,
        "The mail server refused a command.",
        "Nothing to do: it is tried again by itself. If it lasts, give Microsoft's support the server's words.",
    ),
    "mail_session_ended": Advice(
        Actor.MICROSOFT,
        "The mail server ended the session.",
        "Nothing to do: it is tried again by itself.",
    ),
    "mailbox_full": Advice(
        _THERE,
        "The mailbox is full; mails cannot be moved or copied until there is room.",
        "Empty or archive the mailbox, or raise its quota in the Exchange admin center.",
    ),
    "uidvalidity_changed": Advice(
        Actor.MICROSOFT,
        "The mailbox numbers its mails anew.",
        "Nothing to do: the folder is walked again by itself, and mails already imported are recognised.",
    ),
    "mail_gone": Advice(
        Actor.USER,
        "The mail is no longer there: somebody moved or deleted it.",
        "Nothing to do if that was intended.",
    ),
    "pop_inbox_only": Advice(
        _HERE,
        "POP3 shows the inbox alone and no other folder.",
        "Choose the folder inbox, or fetch this mailbox over Microsoft Graph or IMAP.",
    ),
    "pop_keep_or_delete": Advice(
        _HERE,
        "Over POP3 a mail can only be left where it is or deleted; it cannot be moved, marked or copied.",
        "Choose “leave as it is” or “delete” without a copy, or fetch this mailbox over Microsoft Graph or IMAP.",
    ),
    "pop_no_ids": Advice(
        Actor.MICROSOFT,
        "The POP3 server names its mails neither by UIDL nor by their headers, so none can be recognised.",
        "Fetch this mailbox over Microsoft Graph or IMAP.",
    ),
}
