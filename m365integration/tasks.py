"""Tasks of the house; the name of each is its address in the schedule."""

from celery import shared_task

from m365integration import heartbeat, sessions
from tenants import round_trip


@shared_task(name=heartbeat.TASK)
def beat_heart() -> None:
    heartbeat.note("worker")


@shared_task(name="m365integration.tasks.forget_expired")
def forget_expired() -> None:
    sessions.forget_expired()
    round_trip.forget_over()
