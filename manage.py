#!/usr/bin/env python
"""Run one management command of the product."""

import os
import sys

from m365integration.safety import Refused


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")
    # Nobody else on this machine reads the database, keys and mail that a command may be the first to make.
    os.umask(0o077)
    from django.core.management import execute_from_command_line

    from tenants.whom import for_machine

    try:
        with for_machine():
            execute_from_command_line(sys.argv)
    except Refused as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
