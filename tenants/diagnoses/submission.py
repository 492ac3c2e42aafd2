"""Our codes for what Exchange says when mail is handed over by SMTP."""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_THERE = Actor.CUSTOMER_ADMIN
_SHELL = "Exchange Online PowerShell: "

SUBMISSION: dict[str, Advice] = {
    "starttls_missing": Advice(
        Actor.OPERATOR,
        "The mail server did not offer to encrypt the connection (STARTTLS), so nothing was sent to it.",
        "Microsoft's server always offers it: find out which firewall or proxy between here and port 587 takes it out "
        "(“SMTP inspection”, “ESMTP fixup”) and switch that off. Mail waits meanwhile and is tried again.",
    ),
    "smtp_auth_off": Advice(
        _THERE,
        "SMTP is switched off in Exchange, for the organisation or for this mailbox (SmtpClientAuthentication).",
        f"{_SHELL}`Set-CASMailbox -Identity <mailbox> -SmtpClientAuthenticationDisabled $false` opens this mailbox "
        "alone, whatever the organisation's setting is. For all of them: `Set-TransportConfig "
        "-SmtpClientAuthenticationDisabled $false`. It takes up to an hour. Or send over Microsoft Graph, which does "
        "not need it.",
    ),
    "smtp_login_refused": Advice(
        _THERE,
        "Exchange refused the sign-in to the mailbox over SMTP.",
        "As the application: `New-ServicePrincipal -AppId <client id> -ObjectId <object id of the ENTERPRISE "
        "application>`, then `Add-MailboxPermission -Identity <mailbox> -User <that object id> -AccessRights "
        "FullAccess`, and admin consent to SMTP.SendAsApp of Office 365 Exchange Online. As a person: the permission "
        "SMTP.Send, and full access to a shared mailbox. A change takes up to an hour.",
    ),
    "smtp_busy": Advice(
        Actor.MICROSOFT,
        "Exchange has no room for this mail at the moment.",
        "Nothing to do: it is tried again by itself. If it lasts, close other programs that send from this mailbox; "
        "Exchange takes three at once.",
    ),
    "smtp_rate": Advice(
        Actor.MICROSOFT,
        "This mailbox has sent as many mails in a minute as Exchange takes (30).",
        "Nothing to do: the rest leaves in the next minutes. Lower SEND_PER_MINUTE if other programs send from it too.",
    ),
    "smtp_daily_limit": Advice(
        _THERE,
        "This mailbox has reached the number of recipients Exchange takes in a day.",
        "Nothing to do: it is tried again as the day goes on. For more, share the mail among several mailboxes, or ask "
        "Microsoft about the organisation's limit (Exchange admin center > Reports > Mail flow).",
    ),
    "tenant_daily_limit": Advice(
        _THERE,
        "The organisation has reached the number of external recipients Exchange takes from it in a day; the mail of "
        "all its mailboxes waits.",
        "Nothing to do: it is tried again as the day goes on. The limit follows the licences: Exchange admin center > "
        "Reports > Mail flow > Tenant outbound external recipients.",
    ),
    "sender_blocked": Advice(
        _THERE,
        "Microsoft has blocked this account or organisation from sending, because of mail that looked like spam.",
        "Microsoft Defender portal > Email & collaboration > Review > Restricted entities: find out what was sent, "
        "then unblock it. Mail waits meanwhile and is tried again.",
    ),
    "sender_mailbox_full": Advice(
        _THERE,
        "The mailbox is full, so Exchange takes no mail from it.",
        "Empty or archive the mailbox, or raise its quota in the Exchange admin center; mail waits meanwhile.",
    ),
    "mail_too_large": Advice(
        _HERE,
        "The mail is larger than Exchange takes from this mailbox.",
        "Send fewer or smaller files, or a link. The customer's administrator can raise the limit up to 150 MB: "
        "`Set-Mailbox <mailbox> -MaxSendSize 150MB`.",
    ),
    "mail_too_large_for_smtp": Advice(
        _HERE,
        "The files are larger than one mail over SMTP may be; it was not begun.",
        "Send fewer or smaller files, or a link; or let this mailbox send over Microsoft Graph, which takes 150 MB.",
    ),
    "recipient_refused": Advice(
        Actor.USER,
        "The mail server did not take this mail for a recipient; those it took have it.",
        "Open the mail in the outbox, where each address stands with what was said. Correct the address and answer "
        "again to that recipient alone.",
    ),
    "recipient_later": Advice(
        Actor.MICROSOFT,
        "The mail server does not take this mail for a recipient at the moment; those it took have it.",
        "Nothing to do: only the recipients still missing are tried again, for five days.",
    ),
    "smtp_refused": Advice(
        _THERE,
        "Exchange refused the mail.",
        "Search its words below learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-"
        "online, change what they name, then send it again.",
    ),
    "smtp_not_now": Advice(
        Actor.MICROSOFT,
        "Exchange could not take the mail at the moment.",
        "Nothing to do: it is tried again by itself. If it lasts, give Microsoft's support the server's words.",
    ),
    "sent_in_part": Advice(
        _HERE,
        "Some recipients have this mail already, sent over SMTP; over Microsoft Graph it would go to all of them.",
        "Let the mailbox send over SMTP until it is done, or cancel it and answer anew to those who are missing.",
    ),
    "address_not_ascii": Advice(
        _HERE,
        "An address holds letters other than a to z, which mail servers do not pass on reliably.",
        "Use the address in plain letters; Exchange gives every mailbox one.",
    ),
}
