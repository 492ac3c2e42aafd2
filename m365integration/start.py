"""Entry point of `make demo` and `make run`: from a fresh checkout to a page one can sign in to.

The sandbox is another program here: started, asked whether it answers, never imported.
"""

import argparse
import json
import os
import secrets
import socket
import ssl
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from m365integration import demo

if TYPE_CHECKING:
    from m365integration.supervisor import Part

ROOT: Final = Path(__file__).resolve().parent.parent
DEMO: Final = ROOT / "sandbox" / "demo"
SANDBOX_PORT: Final = 8443
#: A new mail arrives this often, seconds.
ARRIVALS_S: Final = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and start what it names."""
    parser = argparse.ArgumentParser(prog="python -m m365integration.start")
    parser.add_argument("what", choices=["run", "demo"])
    parser.add_argument("--bind", metavar="HOST:PORT")
    parser.add_argument("--demo-dir", metavar="DIR", type=Path, default=ROOT / "var" / "demo")
    chosen = parser.parse_args(arguments)
    start(demo_dir=chosen.demo_dir.absolute() if chosen.what == "demo" else None, bind=chosen.bind)


def start(*, demo_dir: Path | None, bind: str | None) -> None:
    """Prepare the installation, print its accounts once, and serve until stopped.

    With a folder for it, this is the demo; without one it is the installation of the environment.
    """
    # The environment must be complete before the first setting is read.
    door = _listen(SANDBOX_PORT) if demo_dir else None
    if demo_dir and door:
        demo.enter(_demo_environment(demo_dir, door))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")
    # Nobody else on this machine reads the database and the keys that are made on the way.
    os.umask(0o077)
    import django
    from django.conf import settings
    from django.core.management import CommandError

    from m365integration.safety import Refused
    from m365integration.serving import public_url, serve
    from m365integration.supervisor import AlreadyRunning
    from m365integration.supervisor.plan import BadAddress, default_address, read_address

    def welcome() -> str:
        if demo_dir and door:
            demo.keep(demo_dir, _demo_environment(demo_dir, door) | {"PUBLIC_URL": os.environ["PUBLIC_URL"]})
        return first_start(demo_dir=demo_dir)

    try:
        django.setup()
        address = read_address(bind or default_address())
        parts = [_sandbox_part(demo_dir, door, callback=public_url(address))] if demo_dir and door else []
        serve(address, concurrency=settings.CELERY_WORKER_CONCURRENCY, before=parts, welcome=welcome)
    except (AlreadyRunning, BadAddress, CommandError, Refused) as error:
        sys.exit(str(error))


def first_start(*, demo_dir: Path | None) -> str:
    """Make the accounts when there is no administrator yet; passwords are shown now and stored nowhere."""
    from django.contrib.auth.models import User

    where = f"VAR_DIR={os.path.relpath(demo_dir, ROOT)} " if demo_dir else ""
    reset = f"A new password: {where}.venv/bin/python manage.py changepassword admin"
    if User.objects.filter(is_superuser=True).exists():
        return f"Sign in as before. {reset}"
    accounts = provision_demo() if demo_dir else {}
    password = secrets.token_urlsafe(12)
    # Last, because its existence means that everything before it is there.
    User.objects.create_superuser("admin", password=password)
    shown = "".join(f"\n  {name} with {word}" for name, word in {"admin": password, **accounts}.items())
    return f"Sign in with one of these, shown only now:{shown}\n{reset}"


def provision_demo() -> dict[str, str]:
    """Register the demo's customers by file, as an operator would; give the staff's new passwords by name."""
    from django.core.management import call_command

    from tenants.whom import for_machine

    file = DEMO / "provision.json"
    staff = json.loads(file.read_text("utf-8")).get("staff", [])
    passwords = {member["password_env"]: secrets.token_urlsafe(12) for member in staff}
    os.environ.update(passwords)
    try:
        # The operator's command, and not under manage.py, which says so for the others.
        with for_machine():
            call_command("provision", str(file), stdout=StringIO())
    finally:
        for name in passwords:
            del os.environ[name]
    return {member["username"]: passwords[member["password_env"]] for member in staff}


def _demo_environment(demo_dir: Path, door: socket.socket) -> dict[str, str]:
    url = f"https://localhost:{_port(door)}"
    return {
        "DEPLOYMENT": "embedded",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(demo_dir),
        "M365_LOGIN_URL": url,
        "M365_GRAPH_URL": url,
        "REQUESTS_CA_BUNDLE": str(_authority(demo_dir)),
    }


def _sandbox_part(demo_dir: Path, door: socket.socket, *, callback: str) -> "Part":
    from m365integration.supervisor import Part

    command = (
        *(sys.executable, "-m", "sandbox", "serve", "--socket-fd", str(door.fileno())),
        *("--state", str(demo_dir / "sandbox")),
        *("--scenario", str(DEMO / "scenario.json"), "--arrivals", str(ARRIVALS_S)),
        # Wherever the demo listens, people and administrators come back to it.
        *("--redirect", f"{callback}/oauth/callback/"),
    )
    return Part(
        name="sandbox",
        command=command,
        held_fds=(door.fileno(),),
        is_ready=lambda: _answers(_port(door), authority=_authority(demo_dir)),
    )


def _authority(demo_dir: Path) -> Path:
    return demo_dir / "sandbox" / "ca.pem"


def _answers(port: int, *, authority: Path) -> bool:
    """Ask by TLS: the socket is open from the beginning, and only the sandbox can show this certificate."""
    try:
        trusted = ssl.create_default_context(cafile=authority)
        with socket.create_connection(("127.0.0.1", port), timeout=1) as plain:
            trusted.wrap_socket(plain, server_hostname="localhost").close()
    except OSError:
        return False
    return True


def _listen(wanted: int) -> socket.socket:
    """Open the wanted port, or any free one, and keep it: no other program gets it while the sandbox starts."""
    try:
        return socket.create_server(("127.0.0.1", wanted))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


def _port(door: socket.socket) -> int:
    return int(door.getsockname()[1])


if __name__ == "__main__":
    main()
