"""python -m tests.bench.child WORK ORDERS: do one piece of work in a process of its own, print its figures as JSON."""

import importlib
import json
import sys

import django

from tenants.whom import for_machine


@for_machine()
def main() -> None:
    name, orders = sys.argv[1], json.loads(sys.argv[2])
    django.setup()
    figures = importlib.import_module(f"tests.bench.work.{name}").main(orders)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
