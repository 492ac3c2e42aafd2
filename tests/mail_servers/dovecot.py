"""A real Dovecot in a folder of its own: IMAP and POP3 over TLS, signed in to with XOAUTH2 only."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sandbox.tls import TlsFiles, ensure_tls
from tests.mail_servers.introspection import Introspection
from tests.servers import dovecot

#: Only a Dovecot that will never come takes so long, however busy the machine is.
LONGEST_S: Final = 120.0
CONFIG: Final = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <{tls.certificate}
ssl_key = <{tls.key}
ssl_min_protocol = TLSv1.2
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
auth_mechanisms = xoauth2
auth_failure_delay = 0
mail_max_userip_connections = 100
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Sent Items" {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imap_port}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {pop_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # Otherwise every refused sign-in makes the next one wait.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{extra}
"""
OAUTH2: Final = """
introspection_url = {url}
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot:
    """Runs from `start` to `stop`; mailboxes appear as mail is put into them."""

    def __init__(self, *, extra: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.introspection = Introspection()
        self.imap_port, self.pop_port = free_port(), free_port()
        self.tls: TlsFiles = ensure_tls(self.home)
        self._extra = extra
        self._count = 0
        self._write()
        self.start()

    @property
    def imap_url(self) -> str:
        return f"imaps://localhost:{self.imap_port}"

    @property
    def pop_url(self) -> str:
        return f"pop3s://localhost:{self.pop_port}"

    def start(self) -> None:
        command, until = [str(dovecot()), "-c", str(self.home / "dovecot.conf")], time.monotonic() + LONGEST_S
        # A pipe would stay open as long as the daemon lives. Who holds the ports yet lets go of them soon.
        while subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            assert time.monotonic() < until, "Dovecot does not start."
            time.sleep(0.1)
        for port in (self.imap_port, self.pop_port):
            await_port(port)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)
        self.introspection.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def kill(self) -> None:
        """Kill every part at once, as a power cut would, and start again."""
        master = self._pid()
        os.kill(master, signal.SIGSTOP)  # or a part born meanwhile would hold the ports
        for pid in [*_children(master), master]:
            with suppress(ProcessLookupError):  # it was about to end anyway
                os.kill(pid, signal.SIGKILL)
        await_end(master)
        (self.home / "run" / "master.pid").unlink(missing_ok=True)
        self.start()
        self._await_sign_in()

    def put(
        self, address: str, mails: Iterable[bytes], *, folder: str = "", at: datetime | None = None
    ) -> None:
        """Let mail arrive in a folder, named as on disk; the inbox when it is blank."""
        box = self._folder(address, folder)
        for name in ("tmp", "new", "cur"):
            self._make_folder(box / name)
        for raw in mails:
            self._count += 1
            path = box / "tmp" / f"{1_700_000_000 + self._count}.M{self._count:06}.test"
            path.write_bytes(raw)
            if at is not None:
                os.utime(path, (at.timestamp(), at.timestamp()))
            self._hand_over(path)
            path.rename(box / "new" / path.name)  # seen whole or not at all

    def bodies(self, address: str, *, folder: str = "") -> list[bytes]:
        """Give the mails that lie in a folder, oldest first, those marked as deleted included."""
        box = self._folder(address, folder)
        while True:  # a new flag or an expunge renames files: what was read counts once the names held still
            names = self._mails_in(box)
            with suppress(FileNotFoundError):
                bodies = [path.read_bytes() for path in names]
                if self._mails_in(box) == names:
                    return bodies

    def remove_one(self, address: str) -> None:
        """Delete a mail of the inbox, as another program would."""
        for path in self._mails_in(self._folder(address, ""))[:1]:
            path.unlink()

    def flags(self, address: str, *, folder: str = "") -> list[str]:
        box = self._folder(address, folder)
        return [path.name.rpartition(",")[2] for path in sorted((box / "cur").glob("*"))]

    def forget_numbers(self, address: str) -> None:
        """Lose the index, so that the folder counts anew under another UIDVALIDITY."""
        box = self._folder(address, "")
        was = (box / "dovecot-uidlist").read_text("ascii").split("\n", 1)[0]
        for path in box.glob("dovecot*"):
            path.unlink(missing_ok=True)
        # Dovecot takes the second it is in, which may still be the one it took before.
        while f" V{int(time.time())} " in was:
            time.sleep(0.02)

    def log(self) -> str:
        return (self.home / "dovecot.log").read_text("utf-8", "replace")

    def _await_sign_in(self) -> None:
        """Wait until the part that knows the tokens is back as well."""
        proof = f"user={self.introspection.mailbox}\x01auth=Bearer any\x01\x01".encode()
        trust = ssl.create_default_context(cafile=str(self.tls.ca))
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            with suppress(OSError, imaplib.IMAP4.error):
                with imaplib.IMAP4_SSL("localhost", self.imap_port, ssl_context=trust, timeout=5) as client:
                    client.authenticate("XOAUTH2", lambda _challenge: proof)
                return
        raise TimeoutError("Nobody can sign in.")

    def _write(self) -> None:
        self.home.chmod(0o755)
        for path in (self.tls.certificate, self.tls.key, self.tls.ca):
            path.chmod(0o644)
        mail = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        me = pwd.getpwuid(os.getuid()).pw_name
        names = ("dovecot", "dovecot", "dovenull") if os.getuid() == 0 else (me, me, me)
        (self.home / "mail").mkdir()
        (self.home / "oauth2.conf").write_text(OAUTH2.format(url=self.introspection.url))
        text = CONFIG.format(
            home=self.home, tls=self.tls, uid=mail.pw_uid, gid=mail.pw_gid, extra=self._extra,
            internal=names[0], internal_group=names[1], login=names[2],
            imap_port=self.imap_port, pop_port=self.pop_port,
        )  # fmt: skip
        (self.home / "dovecot.conf").write_text(text)

    def _folder(self, address: str, folder: str) -> Path:
        return self.home / "mail" / address / "Maildir" / (f".{folder}" if folder else "")

    def _mails_in(self, box: Path) -> list[Path]:
        files = [path for name in ("new", "cur") for path in (box / name).glob("*")]
        return sorted(files, key=lambda path: path.name)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, owned by whom Dovecot reads mail as."""
        if not folder.exists():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self._hand_over(folder)

    def _hand_over(self, path: Path) -> None:
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def _pid(self) -> int:
        return int((self.home / "run" / "master.pid").read_text())

    def _signal(self, number: signal.Signals) -> None:
        master = self._pid()
        os.kill(master, number)
        await_end(master)


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def await_port(port: int) -> None:
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"Nobody listens on port {port}.")


def await_end(pid: int) -> None:
    deadline = time.monotonic() + LONGEST_S
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]
