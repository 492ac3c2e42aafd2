from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        from mailboxes.outbound.journal import tells_of_new_ids
        from mailboxes.outbound.trial import ties_with
        from tickets import renamed, trials
        from tickets.search import sqlite

        ties_with(trials.prepare, trials.last_answer)
        tells_of_new_ids(renamed.remember)
        post_migrate.connect(sqlite.put_up, sender=self, dispatch_uid="tickets.search")
