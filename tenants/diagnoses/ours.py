"""Our own codes, for what fails before Microsoft answers or in an answer that is not Microsoft's."""

from tenants.diagnoses.advice import Actor, Advice
from tenants.diagnoses.approvals import APPROVALS
from tenants.diagnoses.checks import CHECKS
from tenants.diagnoses.consents import CONSENTS
from tenants.diagnoses.mail_wires import MAIL_WIRES
from tenants.diagnoses.sending import SENDING
from tenants.diagnoses.sign_ins import SIGN_INS
from tenants.diagnoses.submission import SUBMISSION

_HERE = Actor.TENANT_ADMIN
_OPERATOR = Actor.OPERATOR
_WEIRD_ANSWER = (
    "Find out what stands between this server and Microsoft (proxy, firewall, login page of a network) "
    "and let "
    "it pass login and Graph hosts unchanged; it is tried again by itself."
)
_REENTER = "Open the registration in the admin and enter the credential again."

OURS: dict[str, Advice] = {
    **APPROVALS,
    **CHECKS,
    **CONSENTS,
    **MAIL_WIRES,
    **SENDING,
    **SIGN_INS,
    **SUBMISSION,
    "network_dns": Advice(
        _OPERATOR,
        "The name of Microsoft's server could not be resolved (DNS).",
        "Check this server's name resolution, for example with `getent hosts graph.microsoft.com`.",
    ),
    "network_refused": Advice(
        _OPERATOR,
        "The connection to Microsoft was refused or there is no route.",
        "Allow outgoing connections to port 443 of the login and Graph hosts in the firewall.",
    ),
    "network_timeout": Advice(
        _OPERATOR,
        "Microsoft's server did not answer in time.",
        "Nothing to do if it passes; else check firewall and proxy for outgoing connections to port 443.",
    ),
    "network_tls": Advice(
        _OPERATOR,
        "The encrypted connection was refused because the server's certificate or protocol is not "
        "trustworthy.",
        "If a company proxy inspects traffic, give its CA in REQUESTS_CA_BUNDLE or SSL_CERT_FILE; otherwise "
        "check this server's clock and that its CA certificates are up to date.",
    ),
    "network_reset": Advice(
        _OPERATOR,
        "The connection was cut in the middle of the exchange.",
        "Nothing to do if it passes; else look for a firewall or proxy that ends long connections.",
    ),
    "network_proxy": Advice(
        _OPERATOR,
        "The proxy set for this server did not let the connection through.",
        "Check HTTPS_PROXY and NO_PROXY, and the proxy's user name and password.",
    ),
    "network_address": Advice(
        _OPERATOR,
        "The address to call is not valid.",
        "Check M365_LOGIN_URL, M365_GRAPH_URL and HTTPS_PROXY.",
    ),
    "tls_ca_unreadable": Advice(
        _OPERATOR,
        "The file or folder of CA certificates set for this server cannot be read.",
        "Correct REQUESTS_CA_BUNDLE or SSL_CERT_FILE: a PEM file that the user of this program may read.",
    ),
    "not_json": Advice(
        _OPERATOR,
        "The answer was a web page or other text where Microsoft's interface answers JSON.",
        _WEIRD_ANSWER,
    ),
    "answer_empty": Advice(_OPERATOR, "The answer was empty where content was expected.", _WEIRD_ANSWER),
    "answer_cut": Advice(_OPERATOR, "The answer ended too early.", _WEIRD_ANSWER),
    "answer_malformed": Advice(
        _OPERATOR, "The answer does not have the shape Microsoft documents.", _WEIRD_ANSWER
    ),
    "answer_too_deep": Advice(
        _OPERATOR, "The answer is nested deeper than anything Microsoft sends.", _WEIRD_ANSWER
    ),
    "answer_too_large": Advice(
        Actor.USER,
        "The content is larger than this program accepts.",
        "Open the mail in Outlook; the limit protects everybody else's mail.",
    ),
    "redirect_refused": Advice(
        _OPERATOR, "The answer was a redirect, which is never followed with a token.", _WEIRD_ANSWER
    ),
    "foreign_link": Advice(
        _OPERATOR,
        "The answer pointed to a server that is not the tenant's own Graph host; no token was sent there.",
        "Check the tenant's cloud and what stands between this server and Microsoft.",
    ),
    "link_loop": Advice(
        Actor.MICROSOFT,
        "Graph named the same next page again and again.",
        "Nothing to do: the reading starts again later.",
    ),
    "login_throttled": Advice(
        Actor.MICROSOFT,
        "Entra asks for fewer sign-ins for a while.",
        "Nothing to do: it is tried again by itself, and tokens that are still valid go on working.",
    ),
    "login_unavailable": Advice(
        Actor.MICROSOFT,
        "Entra could not answer the sign-in.",
        "Nothing to do: it is tried again by itself, and tokens that are still valid go on working.",
    ),
    "clock_skew": Advice(
        _OPERATOR,
        "This server's clock differs from Microsoft's by more than five minutes.",
        "Set the clock by NTP (`timedatectl set-ntp true`) and try again.",
    ),
    "secret_unreadable": Advice(
        _HERE,
        "The stored credential cannot be decrypted with the keys this server has.",
        f"{_REENTER} If the old key still exists, add it to FERNET_KEYS instead.",
    ),
    "secret_missing": Advice(
        _HERE,
        "The registration has no credential.",
        "Open the registration and enter a client secret or certificate.",
    ),
    "certificate_unreadable": Advice(
        _HERE,
        "This is no certificate in PEM form.",
        "Enter the public certificate as text, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----. "
        "`openssl x509 -inform der -in FILE.cer` writes a binary file so.",
    ),
    "private_key_unreadable": Advice(
        _HERE,
        "The private key is missing, cannot be read, has a passphrase or is not an RSA key.",
        "Enter the key as text, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----. "
        "`openssl pkcs12 -in FILE.pfx -nodes` writes it out of a .pfx file.",
    ),
    "private_key_foreign": Advice(
        _HERE,
        "The private key belongs to another certificate.",
        "Enter the key that was made together with this certificate, or the certificate that belongs to this key.",
    ),
    "certificate_expired": Advice(
        Actor.TENANT_ADMIN,
        "The certificate this application signs in with has expired.",
        "Create a new certificate, upload its public part to the registration and enter both parts here.",
    ),
    "directory_malformed": Advice(
        _OPERATOR,
        "The directory id is neither a GUID nor a domain name.",
        "Copy the Tenant ID from Entra admin center > Overview and enter it as Directory (tenant) ID on the tenant "
        "here.",
    ),
    "directory_mismatch": Advice(
        _OPERATOR,
        "Entra answered for another directory than the one entered here; nothing was stored.",
        "Compare the Directory (tenant) ID with Entra admin center > Overview, and the chosen cloud.",
    ),
    "cloud_unknown": Advice(
        _OPERATOR,
        "There is no cloud with this name.",
        "Choose global, us_gov_high, us_gov_dod, china or custom.",
    ),
    "cloud_not_configured": Advice(
        _OPERATOR,
        "The cloud 'custom' is chosen, but its addresses are not set.",
        "Set both M365_LOGIN_URL and M365_GRAPH_URL to https://host[:port] and restart.",
    ),
    "access_policy": Advice(
        Actor.CUSTOMER_ADMIN,
        "An application access policy in Exchange keeps this application away from the mailbox.",
        "Exchange Online PowerShell: add the mailbox to the policy's group (Get-ApplicationAccessPolicy "
        "names "
        "it) and test with Test-ApplicationAccessPolicy; a change takes an hour or more.",
    ),
    "claims_challenge": Advice(
        Actor.CUSTOMER_ADMIN,
        "Conditional Access asks for a new proof, for example after a password reset or from this address.",
        "Grant admin consent again or sign the mailbox in again; the sign-in logs in Entra name the policy.",
    ),
    "folder_missing": Advice(
        _HERE,
        "The folder set for this mailbox no longer exists.",
        "Open the mailbox here, press “Choose folder” and take it from the list of those that are there.",
    ),
    "inbox_full": Advice(
        _HERE,
        "This inbox is full of mail and may be a person's own; nothing in it has been read, moved or deleted.",
        "Open the mailbox here. If it is meant, confirm the number of mails; if not, correct the address or "
        "choose another folder.",
    ),
    "mailbox_missing": Advice(
        _HERE, "There is no such mailbox in this program.", "Check the address with the list of mailboxes."
    ),
    "mailbox_off": Advice(
        _HERE,
        "No mail is fetched for this mailbox: it, its tenant or its incoming mail is switched off.",
        "Open the mailbox and the tenant in the admin, switch them on and choose how mail is fetched.",
    ),
    "tenant_off": Advice(
        _OPERATOR,
        "This tenant is switched off: nothing is asked of Microsoft for it.",
        "Open the tenant in the admin and switch it on; mail that arrived meanwhile is fetched then.",
    ),
    "mailbox_busy": Advice(
        _OPERATOR,
        "Another process has been at work on this mailbox for longer than this command waits.",
        "Nothing to do: that process does the same work. Look at the mailbox, or run the command again later.",
    ),
    "slots_taken": Advice(
        Actor.MICROSOFT,
        "All requests Microsoft allows at once on this mailbox are in use.",
        "Nothing to do: it goes on as soon as one is free.",
    ),
    "answer_missing": Advice(
        Actor.MICROSOFT,
        "Graph answered a batch without this part of it.",
        "Nothing to do: it is tried again by itself.",
    ),
    "token_pending": Advice(
        Actor.MICROSOFT,
        "Another worker is fetching the access token, and Microsoft's sign-in service is slow to answer.",
        "Nothing to do: it is tried again by itself.",
    ),
    "storage_failed": Advice(
        _OPERATOR,
        "A mail could not be stored on this server's disk; it stays where it is at Microsoft.",
        "Free space on the disk of MEDIA_ROOT and check that this program may write there; it is tried again "
        "by itself.",
    ),
    "unparseable": Advice(
        _HERE,
        "These bytes have no readable mail header, so no ticket can be made of them.",
        "Open the original in Outlook or download it here; “Try again” files it anew.",
    ),
    "parsing_exceeded": Advice(
        _HERE,
        "Reading this mail took more time or memory than one mail may have, so it is kept away from the others.",
        "Download the original here or open it in Outlook; “Try again” reads it once more.",
    ),
    "filing_failed": Advice(
        _OPERATOR,
        "The mail could not be filed because of an error in this program.",
        "Report the error below to the makers; after an update “Try again” files the mail. It is not lost.",
    ),
    "worker_killed": Advice(
        _OPERATOR,
        "Every worker that tried to file this mail was killed, so it is kept away from the others.",
        "Check the worker's memory and its log; then press “Try again”. The original is stored and not lost.",
    ),
}
