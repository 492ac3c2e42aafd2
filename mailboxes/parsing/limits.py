"""How much of one mail is looked at; the original always stays in storage, whole."""

from dataclasses import dataclass

KB, MB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that no mail can move; each excess becomes a Problem, never an error."""

    header_block_bytes: int = 256 * KB
    header_bytes: int = 16 * KB
    header_count: int = 1_000
    parameter_bytes: int = 4 * KB  # Content-Type and Content-Disposition: email reads their parameters slowly
    parts: int = 500
    depth: int = 50
    addresses: int = 500
    references_newest: int = 20  # and the first, which names the root
    subject_chars: int = 998
    text_chars: int = 2 * MB
    html_bytes: int = 2 * MB
    html_nesting: int = 500
    html_attributes: int = 64
    small_mail_bytes: int = 10 * MB  # above it big bodies are cut out to files before email sees the mail
    cut_body_bytes: int = 256 * KB  # the size from which the splitter cuts a body out
    recipients_in_bounce: int = 500
    charset: str = ""  # what text is read in, whatever the mail says of itself
    gives_way: bool = False  # what is over a limit, or seldom, is not read here but by a process of its own


DEFAULT = Limits()
