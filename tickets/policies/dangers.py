"""Which files can do harm when they are opened, by their names: that is what Windows goes by."""

from __future__ import annotations

from typing import Final

#: What runs when it is opened: programs, scripts, shortcuts, installers, help files and settings.
_PROGRAMS: Final = frozenset({
    "ade", "adp", "app", "appinstaller", "application", "appref-ms", "appx", "appxbundle", "apk", "bat",
    "chm", "cmd", "com", "command", "cpl", "deb", "desktop", "diagcab", "dll", "dmg", "exe", "gadget",
    "hlp", "hta", "inf", "ins", "isp", "jar", "jnlp", "js", "jse", "library-ms", "lnk", "mad", "maf",
    "mde", "msc", "msh", "msi", "msix", "msixbundle", "msp", "mst", "ocx", "pif", "pkg", "pl", "ps1",
    "ps1xml", "ps2", "psc1", "psm1", "py", "pyw", "rdp", "reg", "rpm", "scf", "scr", "sct", "search-ms",
    "settingcontent-ms", "sh", "shb", "shs", "sys", "theme", "url", "vb", "vbe", "vbs", "website",
    "wll", "ws", "wsc", "wsf", "wsh", "xbap", "xll", "xnk",
})  # fmt: skip
#: What opens like a folder, and what lies in it is not checked as a file from the internet is.
_DISKS: Final = frozenset({
    "img", "iso", "udf", "vhd", "vhdx", "wim",
})  # fmt: skip
#: Office files that may hold macros; those without are called otherwise since 2007.
_MACROS: Final = frozenset({
    "accdb", "accde", "docm", "dotm", "mdb", "potm", "ppam", "ppsm", "pptm", "sldm", "xla", "xlam",
    "xlm", "xlsb", "xlsm", "xltm",
})  # fmt: skip
#: What a name ends in for people: before a second ending it is there to deceive.
_HARMLESS: Final = frozenset({
    "bmp", "csv", "doc", "docx", "eml", "gif", "heic", "htm", "html", "jpeg", "jpg", "mov", "mp3",
    "mp4", "odp", "ods", "odt", "pdf", "png", "ppt", "pptx", "rtf", "svg", "tif", "tiff", "txt", "wav",
    "webp", "xls", "xlsx", "xml", "zip",
})  # fmt: skip


def danger(name: str) -> str:
    """Name the danger of a file: "disguised", "program", "disk", "macros", or "" for none that is known."""
    stem, _dot, ending = name.lower().rpartition(".")
    if not stem:
        return ""
    if ending in _PROGRAMS:
        return "disguised" if stem.rpartition(".")[2].strip() in _HARMLESS else "program"
    return "disk" if ending in _DISKS else "macros" if ending in _MACROS else ""
