"""Why a mail was taken for what it is, in the language of whoever reads it; rows keep it in English."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

from tenants.wording import FRAMES, shown

#: What is said of a mail, a sender or a rule, with a place for what differs.
REASONS: Final = (
    _("loop: it has passed %(n)s hosts"),
    _("loop: our own mail came back"),
    _("self: the sender is one of our own mailboxes"),
    _("delay: delivery is late and still being tried (%(whom)s)"),
    _("delay: delivery is late and still being tried"),
    _("bounce: a report about a mail that was not delivered (%(whom)s)"),
    _("bounce: a report about a mail that was not delivered"),
    _("meeting: an answer to an invitation (%(answer)s)"),
    _("delivery report"),
    _("report"),
    _("%(header)s is set"),
    _("message class of an out-of-office reply"),
    _("empty Return-Path"),
    _("sender is a robot by its address"),
    _("subject of an out-of-office reply"),
    _("%(n)s mails on this ticket within %(minutes)s minutes"),
    _("%(n)s mails of this sender within %(minutes)s minutes"),
    _("it has more than one From header, so nobody is proven"),
    _("no check proves the sender"),
    _("sent from inside the organisation, signed in"),
    _("Exchange has not written down any check"),
    _("the checks were made by another server than the tenant's own"),
    _("the checks are about another sender"),
    _("it stands below the place where the tenant's own server writes"),
    _("moved or deleted by somebody before it could be fetched"),
    _("Microsoft lists this mail but does not hand it over"),
    _("discarded by the rule %(name)s: %(why)s"),
    _("suspended, no rule is asked: %(rest)s"),
    _("Its bytes are not in storage."),
    # Why an answer to an approval counts as what it does.
    _("automatic mail"),
    _("the sender is not proven: %(rest)s"),
    _("no DMARC check proves the sender: %(rest)s"),
    _("it is marked internal, and the address is of another house"),
    _("this approver has decided before; the first answer stands"),
    _("the approval had ended when it came"),
    _("it came after the deadline"),
    _("it comes from another address than the approver's"),
    _("somebody else has sent it on behalf of the approver"),
    _("it was forwarded: its subject says so"),
    _("it was forwarded: it has a header %(name)s"),
    _("nothing is written above the quoted mail"),
    _("it is too long to be sure of"),
    _("it does not begin with a word that decides"),
    _("it says both yes and no"),
    _("it begins with “%(phrase)s”"),
    _("it begins with “%(phrase)s” and goes on about something else"),
    _("it asks instead of deciding"),
    _("it approves, and more is said below the name"),
    _("words in it are struck through"),
    _("it answers another mail of the conversation, not the request"),
    _("it was forwarded: the forwarded mail stands in it"),
    _("the DMARC check does not say which domain it is about"),
    _("imported: it lay in the mailbox before it was connected"),
    _("staff made a ticket of it"),
    _("a rule says so"),
    _("it is older than a day"),
    _("it was found half an hour or more after it came, and may have been answered before"),
    _("its sender is not proven: %(why)s"),
    _("Exchange takes it for spam"),
    _("it answers a request for approval"),
    _("its sender has no usable address"),
    _("its sender had one within a day"),
    _("its sender is one of our own mailboxes"),
    _("too many answers to unproven senders within an hour"),
    _("acknowledgement of the queue %(name)s"),
)
#: Remarks on the contents of a mail.
REMARKS: Final = (
    _("This mail is over the size limit; the rest of it is in Outlook."),
    _("Another mail with other content bears the same Message-ID; one of them may be forged."),
    _("Parts nested deeper than %(n)s were left in the original."),
    _("Only the first %(n)s parts of the mail were read."),
    _("A multipart had no usable boundary; all of it is shown as text."),
    _("The boundary of a multipart was missing or wrong; its parts were guessed."),
    _("The mail itself is empty; this is the text of the mail that is attached to it."),
    _("The header block was over the limits; only part of it was read."),
    _("A header line was not readable and was left out."),
    _("%(header)s names %(n)s addresses; the first %(kept)s were kept."),
    _("The mail has more than one From header; nobody is proven."),
    _("The HTML was not shown because it %(why)s; the text and the original are complete."),
    _("%(n)s remote images blocked."),
    _("1 remote image blocked."),
    _("The mail is empty."),
    _("The declared charset or encoding was wrong; the text was guessed."),
    _("The text is very long: its beginning is shown, all of it is attached."),
    _("The structure could not be read; text was gathered line by line."),
    _("An attachment's encoding was damaged; what could be read was kept."),
    _(
        "This is one piece of a mail that was sent in pieces and is not put together; ask for it in one piece."
    ),
    _("The mail has %(n)s parts; the first %(kept)s were read."),
    _("%(file)s holds a file that can do harm: %(name)s. Do not open it."),
    _("%(file)s could not be looked into; it may hold programs."),
    _("winmail.dat could not be unpacked; it is attached as it is."),
    _("What is signed could not be unwrapped; it is attached as it is."),
    _("1 file unpacked from winmail.dat, which is attached too."),
    _("%(n)s files unpacked from winmail.dat, which is attached too."),
)
#: What a rule asks; `word` is a name of something.
RULES: Final = (
    _("it has a file"),
    _("it has no file"),
    _("it has %(n)s bytes"),
    _("it asks for nothing, so it fits every mail"),
    _("the file name %(found)s is like %(pattern)s"),
    _("the %(word)s %(found)s is like %(pattern)s"),
    _("the %(word)s is like %(pattern)s"),
    _("the %(word)s would take too long to compare with %(pattern)s; write the expression simpler"),
    _("no %(word)s is like %(pattern)s"),
    _("header %(name)s"),
    _("header"),
    _("verdict"),
    _("recipient"),
    _("file name"),
)
#: What a rule does, one after the other.
ACTIONS: Final = (
    _("queue %(name)s"),
    _("assigned to %(name)s"),
    _("priority %(word)s"),
    _("tags %(name)s"),
    _("discarded: %(why)s"),
    _("no further rule"),
)
#: Why a pattern cannot be used.
PATTERNS: Final = (
    _("A pattern may have %(n)s characters."),
    _("An expression may have %(n)s characters."),
    _("This expression cannot be used: %(rest)s (character %(n)s)."),
    _("This expression cannot be used: %(rest)s."),
    _("it is too long once its repetitions are written out"),
    _("a closing bracket has no opening one"),
    _("its brackets are nested too deep"),
    _("it ends in the middle"),
    _("there is nothing before %(character)s that could be repeated"),
    _("look-around and flags inside brackets are not supported"),
    _("a bracket is not closed"),
    _("references to brackets are not supported"),
    _("%(character)s needs hexadecimal digits"),
    _("%(character)s has no meaning"),
    _("a range runs backwards"),
    _("a place cannot be repeated"),
    _("two repetitions follow each other"),
    _("nothing may be repeated more than %(n)s times"),
    _("a repetition runs backwards"),
)
#: What happened to a ticket.
EVENTS: Final = (
    _("The answer could not be sent, so the ticket is open again."),
    _("The answer did not reach everybody, so the ticket is open again."),
    _("Nobody can tell whether the answer left, so the ticket is open again."),
    _("Taken apart from %(reference)s again."),
    _("%(reference)s was taken apart again."),
    _("%(n)s entries went to the new ticket %(reference)s."),
    _("Split off from %(reference)s."),
    _("%(references)s was merged into this ticket."),
    _("A mail of %(who)s changed nothing in the approval %(question)s: %(rest)s."),
    _("The approval has expired without a decision: %(question)s"),
    _("The approval was cancelled: %(question)s"),
    _("%(who)s was told that the decision is no longer needed: %(question)s"),
    _("%(who)s was asked to approve until %(when)s: %(question)s"),
    _("%(who)s was reminded: %(question)s"),
    _("%(who)s approved: %(question)s"),
    _("%(who)s rejected: %(question)s"),
    _("Approved: %(question)s"),
    _("Rejected: %(question)s"),
)
_WHOLE: Final = (*REASONS, *REMARKS, *PATTERNS, *EVENTS, *FRAMES)


def reason(text: str) -> str:
    """Translate a reason, a remark or an event; several in one text are told one by one."""
    if (whole := shown(text, frames=_WHOLE)) != text:
        return whole
    done = [shown(part, frames=ACTIONS) for part in text.split(", ")]
    if done[0] != text.split(", ")[0]:
        return ", ".join(done)
    return "; ".join(shown(part, frames=RULES) for part in text.split("; "))
