"""Entra's AADSTS codes about the registration, its credential, the directory and permissions.

Keys are the digits after "AADSTS". Meaning: Microsoft's reference of error codes
(https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
"""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_THERE = Actor.CUSTOMER_ADMIN
_REGISTRATION = "Entra admin center > App registrations > this application"
_NEW_SECRET = (
    f"{_REGISTRATION} > Certificates & secrets > New client secret: copy its Value (not the Secret ID; it is shown "
    "only once). Here, on the app registration, press “Replace credential” and enter it with its expiry date."
)
_ASSERTION = Advice(
    _THERE,
    "Entra did not accept the certificate this application signed in with.",
    f"{_REGISTRATION} > Certificates & secrets > Certificates: upload the public certificate that belongs to "
    "the private key of the helpdesk. Its thumbprint is shown with this code; where it is listed already, the clock of "
    "the helpdesk's server is wrong.",
)
_RESOURCE = Advice(
    _THERE,
    "The service this token is for (Graph or Exchange Online) is not present or not enabled in the "
    "directory.",
    "Check that the chosen cloud is the customer's, that the directory has Exchange Online, and grant admin "
    "consent again.",
)
_SCOPE = Advice(
    Actor.OPERATOR,
    "The permission asked for is unknown to Entra or mixes several services in one request.",
    "Choose the customer's own cloud; if that is right, report this code with its correlation id: the "
    "request "
    "is built by this program.",
)
_REQUEST = Advice(
    Actor.OPERATOR,
    "Entra could not read the request: a value is missing or malformed.",
    "Check directory id, application id and credential for blanks or cut ends and enter them again; if they "
    "are right, report this code with its correlation id.",
)
_DIRECTORY_NEEDED = Advice(
    Actor.OPERATOR,
    "The request did not say which directory it is for, and this application works in one directory only.",
    "Enter the customer's Directory (tenant) ID on the tenant.",
)
_CLOUD = Advice(
    Actor.OPERATOR,
    "The directory or the application belongs to another Microsoft cloud.",
    "Choose the cloud the customer's directory lives in, with an application registered in that cloud.",
)
_PERMISSION = Advice(
    _THERE,
    "The application lacks an API permission it asks for.",
    f"{_REGISTRATION} > API permissions: add the permissions listed on the setup page, then Grant admin "
    "consent.",
)
_SWITCHED_OFF = Advice(
    _THERE,
    "The application is switched off in the customer's directory.",
    "Entra admin center > Enterprise applications > this application > Properties: set "
    "'Enabled for users to sign-in' to Yes.",
)
_LATER = Advice(
    Actor.MICROSOFT,
    "Entra had a passing fault.",
    "Nothing to do: it is tried again by itself. If it lasts for hours, look at the Microsoft 365 status "
    "page.",
)
_PERSONAL_ONLY = Advice(
    Actor.CUSTOMER_ADMIN,
    "The registration is for personal Microsoft accounts only; no account of an organisation can use it.",
    "Register another application in the customer's directory, for accounts in this organizational directory only "
    "(the other two choices with organizational directories work as well), and give its client ID to the helpdesk.",
)

ENTRA: dict[str, Advice] = {
    "7000215": Advice(
        _HERE,
        "The client secret is wrong.",
        f"{_NEW_SECRET} It must belong to the application id entered here.",
    ),
    "7000222": Advice(
        _THERE,
        "The client secret has expired.",
        f"{_REGISTRATION} > Certificates & secrets > New client secret: hand its Value (not the Secret ID; it is shown "
        "only once) and its expiry date, in a safe way, to whoever looks after the helpdesk: “Replace credential” on "
        "the app registration takes both.",
    ),
    "7000218": Advice(
        _THERE,
        "No secret was sent, and the app registration allows no sign-in without one (“Allow public client flows” is "
        "off).",
        f"For sign-in by device code or password: {_REGISTRATION} > Authentication > set 'Allow public client flows' "
        "to Yes. For any other sign-in the helpdesk needs a client secret or certificate of this application.",
    ),
    "700025": Advice(
        _HERE,
        "The application is a public client and must not send a secret.",
        "Remove the credential here, or add the redirect address under the platform Web in the registration.",
    ),
    "70002": Advice(
        _HERE,
        "Entra could not verify the credential.",
        "Enter the client secret's Value, or upload the certificate, again.",
    ),
    "7000112": _SWITCHED_OFF,
    "70001": _SWITCHED_OFF,
    "700011": _SWITCHED_OFF,
    "7000114": Advice(
        _THERE,
        "The application is not allowed to make this kind of request in the customer's directory.",
        "Ask the directory's administrator which policy restricts the application, and allow it.",
    ),
    "700016": Advice(
        _HERE,
        "There is no application with this id in the directory.",
        f"{_REGISTRATION} > Overview: compare both ids there with those on the app registration and on the tenant here "
        "(the operator changes the tenant). An application registered in another directory needs admin consent in this "
        "one first.",
    ),
    "700027": _ASSERTION,
    "700030": _ASSERTION,
    "50012": _ASSERTION,
    "700024": Advice(
        Actor.OPERATOR,
        "The signed sign-in request was outside its validity period, which means this server's clock is "
        "wrong.",
        "Set the clock of this server by NTP (`timedatectl set-ntp true`) and try again.",
    ),
    "90002": Advice(
        Actor.OPERATOR,
        "There is no directory with this id or domain in the chosen cloud.",
        "Copy the Tenant ID from Entra admin center > Overview, enter it as Directory (tenant) ID on the tenant here, "
        "and check the cloud chosen there.",
    ),
    "900023": Advice(
        Actor.OPERATOR,
        "The directory id is neither a GUID nor a domain name.",
        "Copy the Tenant ID from Entra admin center > Overview and enter it as Directory (tenant) ID on the tenant "
        "here.",
    ),
    "50059": _DIRECTORY_NEEDED,
    "90019": _DIRECTORY_NEEDED,
    "50194": _DIRECTORY_NEEDED,
    "9001023": _DIRECTORY_NEEDED,
    "50049": _CLOUD,
    "90038": _CLOUD,
    "900382": _CLOUD,
    "900432": _CLOUD,
    "50011": Advice(
        _THERE,
        "The redirect address is not registered exactly as this program sends it.",
        f"{_REGISTRATION} > Authentication > Web: add the redirect_uri named with this code, character by character "
        "(https, port, capital letters and final slash count).",
    ),
    "500113": Advice(
        _THERE,
        "The application has no redirect address.",
        f"{_REGISTRATION} > Authentication > Add a platform > Web: enter the redirect_uri named with this "
        "code.",
    ),
    "500011": _RESOURCE,
    "50001": _RESOURCE,
    "650052": _RESOURCE,
    "650054": _PERMISSION,
    "650056": _PERMISSION,
    "650057": _PERMISSION,
    "65005": _PERMISSION,
    "65001": Advice(
        _THERE,
        "Nobody has consented to the application's permissions, or the consent was withdrawn.",
        f"{_REGISTRATION} > API permissions > Grant admin consent, or follow a consent link of the helpdesk (“Make a "
        "consent link” on its app registration). Where a person signs in to the "
        "mailbox, it may be enough to sign in again and accept.",
    ),
    "65004": Advice(
        Actor.USER,
        "The person who signed in declined the permissions.",
        "Start again and press Accept on Microsoft's page, or let an administrator of the customer accept for "
        "everybody: “Make a consent link” on the app registration here.",
    ),
    "90094": Advice(
        _HERE,
        "These permissions need an administrator's consent.",
        "Press “Make a consent link” on the app registration here and send it to a Global Administrator or Privileged "
        "Role Administrator of the customer.",
    ),
    "90095": Advice(
        _THERE,
        "The consent request was sent to the directory's administrators and waits for their approval.",
        "Entra admin center > Enterprise applications > Admin consent requests: approve it.",
    ),
    "90099": Advice(
        _HERE,
        "The application has not been authorised in this directory.",
        "Press “Make a consent link” on the app registration here and send it to an administrator of the customer.",
    ),
    "9002331": _PERSONAL_ONLY,
    "9002346": _PERSONAL_ONLY,
    "500112": _REQUEST,
    "70011": _SCOPE,
    "1002012": _SCOPE,
    "700022": _SCOPE,
    "28000": _SCOPE,
    "28002": _SCOPE,
    "28003": _SCOPE,
    "901002": _SCOPE,
    "70003": _REQUEST,
    "70005": _REQUEST,
    "700054": _REQUEST,
    "900144": _REQUEST,
    "90014": _REQUEST,
    "90013": _REQUEST,
    "90023": _REQUEST,
    "90015": _REQUEST,
    "9002313": Advice(
        _HERE,
        "Entra could not read the credential or token that was sent; it may have been damaged when it was "
        "pasted or when the encryption key changed.",
        "Enter the credential again, or sign the mailbox in again.",
    ),
    "900561": Advice(
        Actor.OPERATOR,
        "The token address was called the wrong way, as happens when a proxy turns a POST into a GET.",
        "Exempt Microsoft's login host from redirecting or inspecting proxies.",
    ),
    "90055": Advice(
        Actor.MICROSOFT,
        "Entra is limiting the number of sign-ins of this directory for a while.",
        "Nothing to do: it is tried again later. If it lasts, look for another program that signs in too "
        "often.",
    ),
    "90006": _LATER,
    "90024": _LATER,
    "90033": _LATER,
    "1002016": Advice(
        Actor.OPERATOR,
        "The connection used an encryption Microsoft no longer accepts.",
        "Let the proxy or firewall between this server and Microsoft speak TLS 1.2 or newer.",
    ),
}
