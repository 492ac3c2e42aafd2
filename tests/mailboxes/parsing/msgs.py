"""Outlook files written for tests ([MS-CFB], [MS-OXMSG]): small streams in the mini stream, large ones in sectors."""

import struct
from typing import Any

Tree = dict[str, Any]
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def text_stream(name: int, words: str) -> tuple[str, bytes]:
    return f"__substg1.0_{name:04X}001F", words.encode("utf-16-le")


def fixed(head_bytes: int, *values: tuple[int, int, bytes]) -> tuple[str, bytes]:
    rows = (struct.pack("<HHI", kind, name, 6) + value.ljust(8, b"\0") for name, kind, value in values)
    return "__properties_version1.0", b"\0" * head_bytes + b"".join(rows)


def compound(tree: Tree) -> bytes:
    """Write a tree of bytes (streams) and dicts (folders) as a compound file of 512-byte sectors."""
    entries: list[list[Any]] = [["Root Entry", 5, FREE, FREE, None]]  # name, kind, right, child, content
    _list(tree, entries, 0)
    small, small_fat, large = b"", [], []
    for entry in entries[1:]:
        content = entry[4] if entry[1] == 2 else b""
        if content and len(content) < 4096:
            first, count = len(small) // 64, -(-len(content) // 64)
            small_fat += [*range(first + 1, first + count), END]
            small += content.ljust(count * 64, b"\0")
            entry.append(first)
        elif content:
            large.append(entry)
    chains = [small, struct.pack(f"<{len(small_fat)}I", *small_fat), *(entry[4] for entry in large)]
    place, starts, fat = 1, [], [FAT]
    for content in [b"\0" * 128 * len(entries), *chains]:
        count = -(-len(content) // 512)
        starts.append(place if count else END)
        fat += [*range(place + 1, place + count), END] if count else []
        place += count
    for entry, start in zip(large, starts[3:], strict=True):
        entry.append(start)
    entries[0] += [starts[1]]
    entries[0][4] = small
    directory = b"".join(map(_entry, entries))
    body = b"".join(content + b"\0" * (-len(content) % 512) for content in [directory, *chains])
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6x", 62, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, starts[0], 0, 4096, starts[2], 1, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)
    table = struct.pack("<128I", *fat, *[FREE] * (128 - len(fat)))
    return head + table + body


def _list(tree: Tree, entries: list[list[Any]], parent: int) -> None:
    before = None
    for name, value in tree.items():
        number = len(entries)
        is_folder = isinstance(value, dict)
        entries.append([name, 1 if is_folder else 2, FREE, FREE, b"" if is_folder else value])
        entries[parent if before is None else before][3 if before is None else 2] = number
        before = number
        if is_folder:
            _list(value, entries, number)


def _entry(entry: list[Any]) -> bytes:
    name, kind, right, child, content, *start = entry
    written = name.encode("utf-16-le")
    packed = written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written) + 2, kind, 1, FREE, right, child)
    return packed + b"\0" * 36 + struct.pack("<IQ", start[0] if start else 0, len(content or b""))
