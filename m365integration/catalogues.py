"""Turn the translations that are kept as text into what gettext reads: below VAR_DIR, never in the repository."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parent / "locale"
log = logging.getLogger(__name__)


def compile_into(folder: Path, *, source: Path = SOURCE) -> None:
    """Renew every catalogue in `folder` that is not of its text's time; any number of processes may do so at once.

    Where that cannot be done the pages stay in English, and the log says why: words are no reason not to start.
    """
    for text in sorted(source.glob("*/LC_MESSAGES/*.po")):
        try:
            _renew(text, (folder / text.relative_to(source)).with_suffix(".mo"))
        # polib tells a fault in the text as OSError, or stumbles over it.
        except (OSError, ValueError, LookupError) as error:
            log.warning("%s could not be compiled; its pages stay in English: %s", text.name, error)


def _renew(text: Path, compiled: Path) -> None:
    # Equal, not older: a release put back to yesterday's has yesterday's translations.
    written_at = text.stat().st_mtime_ns
    if compiled.exists() and compiled.stat().st_mtime_ns == written_at:
        return
    # Only who compiles pays for the library.
    import polib

    content = polib.pofile(str(text)).to_binary()
    compiled.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=compiled.parent, prefix=compiled.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # Not secret, and read by whoever serves the pages.
        os.chmod(name, 0o644)
        os.utime(name, ns=(written_at, written_at))
        os.replace(name, compiled)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
