"""Bytes to text, whatever the mail says about its charset; never an exception."""

import codecs
import re

SNIFF_BYTES = 4096
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.+-]{0,39}", re.ASCII)

# What mail calls a charset -> the codec that reads it. Subsets are read as the superset that senders really use
# (WHATWG Encoding Standard): ISO-8859-1 as Windows-1252, GB2312 as GB18030, KS C 5601 as CP949, …
_CODECS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 utf-8-sig utf_8 cp65001 utf8mb4",
    "cp1252": "us-ascii ascii ansi_x3.4-1968 iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 windows-1252 cp1252"
    " cp-1252 x-cp1252 ansi 8859-1 iso-ir-100 iso-8859-1-windows-3.1-latin-1",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 latin-2 iso_8859-2",
    "iso8859_3": "iso-8859-3 iso8859-3 latin3",
    "iso8859_4": "iso-8859-4 iso8859-4 latin4",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic",
    "cp1256": "windows-1256 cp1256",
    "iso8859_6": "iso-8859-6 iso8859-6 iso-8859-6-i arabic",
    "cp1253": "windows-1253 cp1253",
    "iso8859_7": "iso-8859-7 iso8859-7 greek",
    "cp1255": "windows-1255 cp1255",
    "iso8859_8": "iso-8859-8 iso8859-8 iso-8859-8-i hebrew",
    "cp1254": "iso-8859-9 iso8859-9 latin5 windows-1254 cp1254",
    "iso8859_10": "iso-8859-10 latin6",
    "cp874": "windows-874 cp874 tis-620 iso-8859-11 x-windows-874",
    "iso8859_13": "iso-8859-13 latin7",
    "iso8859_14": "iso-8859-14 latin8",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 latin-9 iso_8859-15",
    "iso8859_16": "iso-8859-16 latin10",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "koi8_r": "koi8-r koi8r koi8 cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "gb18030": "gb18030 gb2312 gbk cp936 gb_2312-80 x-gbk euc-cn windows-936 hz-gb-2312-8bit chinese",
    "hz": "hz-gb-2312 hz",
    "big5hkscs": "big5 big5-hkscs big5hkscs cp950 x-x-big5 cn-big5",
    "cp932": "shift_jis shift-jis sjis cp932 x-sjis windows-31j ms_kanji ms932",
    "euc_jp": "euc-jp eucjp x-euc-jp ujis",
    "iso2022_jp_2": "iso-2022-jp iso-2022-jp-1 iso-2022-jp-2",
    "iso2022_jp_ext": "iso-2022-jp-ext iso-2022-jp-ms cp50220 cp50221",
    "iso2022_jp_3": "iso-2022-jp-3",
    "iso2022_kr": "iso-2022-kr",
    "cp949": "ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 euc-kr euckr cp949 windows-949 korean uhc x-windows-949",
    "johab": "johab cp1361",
    "utf-16": "utf-16 utf16 unicode ucs-2 iso-10646-ucs-2",
    "utf-16-le": "utf-16le utf-16-le unicodelittle",
    "utf-16-be": "utf-16be utf-16-be unicodebig unicodefffe",
    "utf-32": "utf-32 utf32 ucs-4",
    "utf-32-le": "utf-32le",
    "utf-32-be": "utf-32be",
    "utf-7": "utf-7 utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7",
    "mac_roman": "macintosh x-mac-roman mac mac-roman x-mac macroman",
    "mac_cyrillic": "x-mac-cyrillic maccyrillic",
    "mac_latin2": "x-mac-ce x-mac-latin2 macce",
    "mac_turkish": "x-mac-turkish",
    "mac_greek": "x-mac-greek",
    "cp437": "ibm437 cp437 437",
    "cp850": "ibm850 cp850 850 cp-850",
    "cp852": "ibm852 cp852 852",
    "cp855": "ibm855 cp855",
    "cp858": "ibm00858 cp858 cp00858",
    "cp862": "ibm862 cp862",
    "cp866": "ibm866 cp866 866",
    "ptcp154": "ptcp154",
}
ALLOWED = {name: codec for codec, names in _CODECS.items() for name in names.split()}
_JIS = frozenset({"iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext"})
_ESCAPES = re.compile(rb"(\x1b(?:\$[@B]|\$\([A-Z]|\([A-Z]|\.[A-Z]))")
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_ANYTHING = ("cp125", "iso8859_")
_ASCII = bytes(range(128))
_NO_LETTERS = bytes(code for code in range(256) if not chr(code).isalpha() or code > 127)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def codec_for(declared: str) -> str:
    """Give the codec for a charset name out of a mail, "" for one that is not on the list."""
    found = _NAME.search(declared[:60])
    return ALLOWED.get(found[0].lower(), "") if found else ""


def decode(content: bytes, *, declared: str = "") -> tuple[str, bool]:
    """Read bytes as text and say whether the declared charset (none is fine for ASCII and UTF-8) was right."""
    codec = codec_for(declared) if declared else "utf-8"
    if content.isascii() and (codec in ("", "utf-8") or codec.startswith(_ANYTHING)):
        return content.decode("ascii"), True
    if codec in _WIDE:
        return _wide(content, codec=codec)
    if codec in _JIS and b"\x1b" in content:
        return _japanese(content, codec=codec)
    if codec:
        text = _strict(content, codec=codec)
        # One byte for a letter reads anything, so UTF-8 that is valid as a whole is the better reading there.
        if text is not None and not (codec.startswith(_ANYTHING) and _strict(content, codec="utf-8")):
            return text.removeprefix("\ufeff"), True
    return _undeclared(content, codec=codec), False


def _japanese(content: bytes, *, codec: str) -> tuple[str, bool]:
    """Read ISO-2022-JP also where it holds what Windows writes into it: ①, ㈱, narrow kana (Microsoft's CP50221)."""
    text = _strict(content, codec=codec)
    if text is not None:
        return text, True
    pieces = _ESCAPES.split(content)
    read = [pieces[0].decode("ascii", "replace")]
    for escape, run in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape == b"\x1b(I":
            read.append(bytes(byte | 0x80 for byte in run).decode("cp932", "replace"))
        else:
            read.append(_kanji(run) if escape[1:2] == b"$" else run.decode("ascii", "replace"))
    text = "".join(read)
    return text, "\N{REPLACEMENT CHARACTER}" not in text


def _kanji(run: bytes) -> str:
    """Shift pairs of JIS X 0208, vendors' rows included, to where Shift_JIS has them."""
    shifted = bytearray()
    for row, cell in zip(run[::2], run[1::2], strict=False):
        if not 0x21 <= row <= 0x7E:
            shifted += bytes((row, cell))  # a line end inside the run
            continue
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        cell += (0x1F + (cell >= 0x60)) if row % 2 else 0x7E
        shifted += bytes((lead, min(cell, 0xFC)))
    return shifted.decode("cp932", "replace")


def _strict(content: bytes, *, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _wide(content: bytes, *, codec: str) -> tuple[str, bool]:
    """Read UTF-16 and UTF-32 with or without byte order mark and with an odd byte at the end."""
    unit = 4 if "32" in codec else 2
    for bom, named in _BOMS:
        if content.startswith(bom) and ("8" not in named or unit == 2):
            return content[len(bom) :].decode(named, "replace"), len(content) % unit == 0
    if b"\0" not in content[:SNIFF_BYTES]:
        return _undeclared(content, codec=""), False  # text in those charsets always has NUL bytes somewhere
    if codec in ("utf-16", "utf-32"):
        big = content[0:400:unit].count(0) > content[unit - 1 : 400 : unit].count(0)
        codec += "-be" if big else "-le"
    return content.decode(codec, "replace"), len(content) % unit == 0


def _undeclared(content: bytes, *, codec: str) -> str:
    """Try UTF-8, what was declared with few errors, a guess from a sample, then Windows-1252."""
    for bom, named in _BOMS:
        if content.startswith(bom):
            return content[len(bom) :].decode(named, "replace")
    for candidate in dict.fromkeys(("utf-8", codec or "utf-8")):
        text = content.decode(candidate, "replace")
        wrong = text.count("\N{REPLACEMENT CHARACTER}")
        if wrong == 0 or wrong * 50 < sum(1 for char in text[:20000] if char > "\x7f"):
            return text
    guess = "" if _is_western(content) else _sniff(content)
    guessed = _strict(content, codec=guess) if guess else None
    return guessed if guessed is not None else content.decode("cp1252", "replace")


def _is_western(content: bytes) -> bool:
    """Say whether a few accented letters stand among many plain ones; for guessing that is too little to go by."""
    sample = content[:SNIFF_BYTES]
    high = len(sample.translate(None, _ASCII))
    return high < 16 and high * 3 < len(sample.translate(None, _NO_LETTERS)) + 3


def _sniff(content: bytes) -> str:
    """Guess a charset from the first bytes that are not ASCII."""
    # Imported here because it costs every process several megabytes and only odd mail needs it.
    from charset_normalizer import from_bytes

    odd = re.search(rb"[\x80-\xff]", content)
    start = max(0, odd.start() - 200) if odd else 0
    best = from_bytes(content[start : start + SNIFF_BYTES], steps=3, chunk_size=512).best()
    guess = best.encoding.replace("_", "-") if best else ""
    return ALLOWED.get(guess, best.encoding if best and best.encoding in _CODECS else "")
