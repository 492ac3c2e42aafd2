"""Small, real files for demo mails: PDF, PNG, XLSX, CSV, text, calendar, and a mail inside the mail."""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText
from email.utils import format_datetime

XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTH, HEIGHT = 96, 64
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
ROWS = (("Position", "Amount"), ("14", "412.00"), ("17", "640.50"), ("Total", "1052.50"))


@dataclass(frozen=True, slots=True)
class DemoFile:
    """kind: pdf, png, xlsx, csv, txt, ics or eml. is_inline: shown in the text by its content id."""

    kind: str
    name: str
    is_inline: bool = False

    @classmethod
    def read(cls, line: str) -> "DemoFile":
        """Read a line of the source, "png inline photo.png"."""
        kind, _, rest = line.partition(" ")
        inline = rest.startswith("inline ")
        return cls(kind, rest.removeprefix("inline "), inline)

    @property
    def content_id(self) -> str:
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:16].upper()
        return f"image001.{self.kind}@{digest[:8]}.{digest[8:]}"

    def part(self, sent_at: datetime) -> Message:
        """Give the MIME part, with its name; non-ASCII names are written as RFC 2231 says."""
        part = MAKERS[self.kind](self, sent_at)
        part.add_header("Content-Disposition", "inline" if self.is_inline else "attachment", **self._named())
        if self.is_inline:
            part["Content-ID"] = f"<{self.content_id}>"
        return part

    def _named(self) -> dict[str, str | tuple[str, None, str]]:
        name = f"{self.name}.eml" if self.kind == "eml" else self.name
        return {"filename": name if name.isascii() else ("utf-8", None, name)}


def pdf(title: str) -> bytes:
    """Draw a one-page PDF (ISO 32000-1) that holds the title."""
    shown = title.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    drawn = b"BT /F1 20 Tf 60 760 Td (" + shown + b") Tj ET"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(bodies) + 1, len(out),
    )  # fmt: skip


def png(name: str) -> bytes:
    """Paint a small picture whose colours come from the name."""
    red, green, blue = hashlib.sha256(name.encode()).digest()[:3]
    rows = b"".join(
        b"\0" + b"".join(bytes((red, (green + x * 2) % 256, (blue + y * 3) % 256)) for x in range(WIDTH))
        for y in range(HEIGHT)
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def xlsx(title: str) -> bytes:
    """Write the smallest workbook that Excel opens without a question."""
    rows = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in ROWS)
    main = f"application/{XLSX}"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml"'
        f' ContentType="{main}.main+xml"/><Override PartName="/xl/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type='
        f'"{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets><sheet name="Sheet1"'
        ' sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{RELATIONS}/worksheet" Target="sheet1.xml"/></Relationships>',
        "xl/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>',
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # A fixed date keeps the same file the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), XML + text)
    return held.getvalue()


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def calendar(title: str, sent_at: datetime) -> str:
    """Invite to a meeting two days after the mail (RFC 5545, RFC 5546)."""
    begin = (sent_at + timedelta(days=2)).replace(minute=0, second=0)
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Demo//Calendar//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT",
        f"UID:{hashlib.sha256(title.encode()).hexdigest()[:32]}@calendar.example",
        f"DTSTAMP:{sent_at:%Y%m%dT%H%M%SZ}", f"DTSTART:{begin:%Y%m%dT%H%M%SZ}",
        f"DTEND:{begin + timedelta(minutes=30):%Y%m%dT%H%M%SZ}", f"SUMMARY:{title}", "LOCATION:Room 3",
        "ORGANIZER:mailto:organizer@northwind-freight.example", "SEQUENCE:0", "STATUS:CONFIRMED",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines)


def _complaint(file: DemoFile, sent_at: datetime) -> Message:
    inner = MIMEText(
        "Your portal said 14:00, our driver was there at 13:00 and nobody opened.\r\n\r\nR. Kowalski\r\n"
    )
    inner["From"] = "Roman Kowalski <dispo@kowalski-spedition.example>"
    inner["To"] = "dispatch@northwind-freight.example"
    inner["Subject"] = f"{file.name.capitalize()}: wrong times"
    inner["Date"] = format_datetime(sent_at - timedelta(hours=5))
    inner["Message-ID"] = f"<complaint.{sent_at:%Y%m%d%H}@kowalski-spedition.example>"
    return MIMEMessage(inner)


def _csv(file: DemoFile, sent_at: datetime) -> Message:
    return MIMEText("\r\n".join(";".join(row) for row in ROWS) + "\r\n", "csv", "utf-8")


def _log(file: DemoFile, sent_at: datetime) -> Message:
    lines = [
        f"{sent_at:%Y-%m-%d} 08:{minute:02}:11 tunnel lost, retry {minute // 10}"
        for minute in range(0, 60, 10)
    ]
    return MIMEText("\r\n".join(lines) + "\r\n", "plain", "us-ascii")


MAKERS: dict[str, Callable[[DemoFile, datetime], Message]] = {
    "pdf": lambda file, sent_at: MIMEApplication(pdf(file.name), "pdf"),
    "png": lambda file, sent_at: MIMEImage(png(file.name), "png"),
    "xlsx": lambda file, sent_at: MIMEApplication(xlsx(file.name), XLSX),
    "csv": _csv,
    "txt": _log,
    "eml": _complaint,
}
