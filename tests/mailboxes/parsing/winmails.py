"""winmail.dat written for tests ([MS-OXTNEF]): attributes, MAPI properties, files."""

import struct

SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)
STRING8, UNICODE, BINARY, OBJECT, LONG = 0x1E, 0x1F, 0x102, 0x0D, 0x03


def attribute(name: int, value: bytes, *, level: int = 1) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """Pack (id, type, bytes); a number is its four bytes."""
    packed = struct.pack("<I", len(values))
    for name, kind, value in values:
        packed += struct.pack("<HH", kind, name)
        packed += struct.pack("<II", 1, len(value)) if kind != LONG else b""
        packed += value + b"\0" * (-len(value) % 4)
    return packed


def file(name: str, content: bytes, *more: tuple[int, int, bytes]) -> bytes:
    named = properties((0x3707, UNICODE, f"{name}\0".encode("utf-16-le")), *more)
    short = attribute(0x00018010, b"FILE~1.BIN\0", level=2)
    return (
        attribute(0x00069002, b"\0" * 14, level=2)
        + short
        + attribute(0x0006800F, content, level=2)
        + attribute(0x00069005, named, level=2)
    )


def winmail(*files: bytes, values: bytes = b"") -> bytes:
    own = attribute(0x00069003, values) if values else b""
    return SIGNATURE + attribute(0x00069007, struct.pack("<II", 1252, 0)) + own + b"".join(files)


def stored_rtf(source: bytes) -> bytes:
    """Give RTF in the form of [MS-OXRTFCP] that is not compressed."""
    return struct.pack("<IIII", len(source) + 12, len(source), 0x414C454D, 0) + source
