"""Users and the settings of their mailboxes."""

from sandbox.directory import Mailbox, Person
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError
from sandbox.graph.render import narrowed
from sandbox.wire import Answer, Json

#: What comes unasked; all else has to be selected. Source: https://learn.microsoft.com/graph/api/user-get
DEFAULT = [
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
]  # fmt: skip
PURPOSES = {"user": "user", "shared": "shared", "room": "room"}


def get_user(call: Call) -> Answer:
    name = call.params[0]
    person = call.cloud.directory.person(call.access.app.directory_id, name)
    if person is None:
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", text)
    mailbox = call.cloud.directory.mailbox(person.directory_id, person.oid)
    context = {"@odata.context": f"{call.root}/$metadata#users/$entity"}
    return Answer(payload=narrowed({**context, **_user(person, mailbox)}, call.select or DEFAULT))


def _user(person: Person, mailbox: Mailbox | None) -> Json:
    address = mailbox.address if mailbox else person.mail
    aliases = dict.fromkeys([*(mailbox.aliases if mailbox else ()), *person.aliases])
    return {
        "businessPhones": [],
        "displayName": person.display_name or person.user_name,
        "givenName": None,
        "jobTitle": None,
        "mail": address or None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": mailbox.locale if mailbox else None,
        "surname": None,
        "userPrincipalName": person.user_name,
        "id": person.oid,
        "proxyAddresses": [
            *([f"SMTP:{address}"] if address else []),
            *(f"smtp:{alias}" for alias in aliases),
        ],
        "accountEnabled": person.refused != 50057,
        "userType": "Guest" if person.kind == "guest" else "Member",
    }


def get_settings(call: Call) -> Answer:
    mailbox = call.mailbox
    archive = call.folder("archive")
    return Answer(
        payload={
            "@odata.context": f"{call.root}/$metadata#users('{mailbox.oid}')/mailboxSettings",
            "archiveFolder": call.folder_id(archive.number),
            "timeZone": mailbox.time_zone,
            "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
            "dateFormat": "yyyy-MM-dd",
            "timeFormat": "HH:mm",
            "userPurpose": PURPOSES.get(mailbox.kind, "others"),
            "automaticRepliesSetting": _automatic_replies(call),
            "language": {"locale": mailbox.locale, "displayName": mailbox.locale},
            "workingHours": {
                "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
                "startTime": "08:00:00.0000000",
                "endTime": "17:00:00.0000000",
                "timeZone": {"name": mailbox.time_zone},
            },
        }
    )


def _automatic_replies(call: Call) -> Json:
    today = call.cloud.clock.now().strftime("%Y-%m-%dT00:00:00.0000000")
    moment = {"dateTime": today, "timeZone": "UTC"}
    return {
        "status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": "",
        "scheduledStartDateTime": moment, "scheduledEndDateTime": moment,
    }  # fmt: skip


def translate_ids(call: Call) -> Answer:
    """Turn plain ids into immutable ones and back, at most 1,000 at once."""
    body = call.json()
    given, target = body.get("inputIds"), body.get("targetIdType")
    if not isinstance(given, list) or len(given) > 1000:
        raise GraphError(400, "ErrorInvalidParameter", "The number of input ids must be between 1 and 1000.")
    # The ids are written as this call would write them, so the wished kind is set as its preference.
    call.prefer = 'IdType="ImmutableId"' if target == "restImmutableEntryId" else ""
    return Answer(
        payload={
            "@odata.context": f"{call.root}/$metadata#Collection(microsoft.graph.convertIdResult)",
            "value": [_translated(call, str(name)) for name in given],
        }
    )


def _translated(call: Call, name: str) -> Json:
    try:
        return {"sourceId": name, "targetId": call.message_id(call.message(name))}
    except GraphError as error:
        return {"sourceId": name, "errorDetails": {"code": error.code, "message": error.message}}
