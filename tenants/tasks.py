"""Doors of the schedule: load, call one flow, answer."""

from celery import shared_task
from django.utils import timezone

from tenants import app_tokens, consent


@shared_task(name="tenants.tasks.refresh_tokens_due")
def refresh_tokens_due() -> None:
    app_tokens.renew_due(timezone.now())


@shared_task(name="tenants.tasks.prove_consents_due")
def prove_consents_due() -> None:
    consent.prove_due(timezone.now())
