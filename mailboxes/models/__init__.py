from mailboxes.models.examination import ExaminationResult
from mailboxes.models.folder import Folder
from mailboxes.models.inbound import InboundMessage
from mailboxes.models.mailbox import Mailbox
from mailboxes.models.outbound import OutboundMessage
from mailboxes.models.sender import Sender
from mailboxes.models.sign_in import DeviceCodePending, Direction, MailboxSignIn, MailboxToken
from mailboxes.models.upload import UploadSession

__all__ = [
    "DeviceCodePending",
    "Direction",
    "ExaminationResult",
    "Folder",
    "InboundMessage",
    "Mailbox",
    "MailboxSignIn",
    "MailboxToken",
    "OutboundMessage",
    "Sender",
    "UploadSession",
]
