"""Mails built for tests: real in shape, invented in content."""

import base64

HEAD = b"From: Ann Lee <ann@example.org>\nTo: help@desk.example\nSubject: Printer\nMessage-ID: <m1@example.org>\n"


def mail(body: bytes = b"It jams.\n", *, extra: bytes = b"", head: bytes = HEAD) -> bytes:
    """Put headers, further header lines (each with its line end) and a body together."""
    return head + extra + b"\n" + body


def typed(content_type: bytes, body: bytes, *, encoding: bytes = b"8bit") -> bytes:
    return mail(
        body, extra=b"Content-Type: " + content_type + b"\nContent-Transfer-Encoding: " + encoding + b"\n"
    )


def part(body: bytes, *headers: bytes) -> bytes:
    return b"".join(line + b"\n" for line in headers) + b"\n" + body


def multipart(*parts: bytes, subtype: bytes = b"mixed", boundary: bytes = b"edge") -> bytes:
    """Give a whole mail of the parts; `entity` gives the same without the mail's own headers."""
    return HEAD + entity(*parts, subtype=subtype, boundary=boundary)


def entity(
    *parts: bytes, subtype: bytes = b"mixed", boundary: bytes = b"edge", parameters: bytes = b""
) -> bytes:
    head = b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"' + parameters + b"\n\n"
    return (
        head + b"".join(b"--" + boundary + b"\n" + one + b"\n" for one in parts) + b"--" + boundary + b"--\n"
    )


def text(words: bytes) -> bytes:
    return part(words, b"Content-Type: text/plain; charset=utf-8")


def html(words: bytes) -> bytes:
    return part(words, b"Content-Type: text/html; charset=utf-8")


def attachment(name: bytes, content: bytes = b"%PDF-1.7 bytes") -> bytes:
    return part(
        base64.encodebytes(content),
        b"Content-Type: application/pdf",
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment; " + name,
    )
