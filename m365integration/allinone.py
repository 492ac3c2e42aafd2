"""Worker and beat as threads of the web process, for a machine without any broker."""

from threading import Thread

from celery.beat import Service
from celery.worker import WorkController

from m365integration import heartbeat
from m365integration.celery import app


def start_work(*, concurrency: int) -> None:
    """Start both; they end with the process, and the rows remember what was under way."""
    worker = WorkController(
        app=app,
        pool_cls="threads",
        concurrency=concurrency,
        hostname="allinone@localhost",
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    Thread(target=worker.start, name="worker", daemon=True).start()
    heartbeat.start_beating()
    Thread(target=Service(app, max_interval=1).start, name="beat", daemon=True).start()
