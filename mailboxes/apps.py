from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailboxesConfig(AppConfig):
    name = "mailboxes"
    verbose_name = _("Mailboxes")

    def ready(self) -> None:
        from mailboxes.consents import look_at, used_of
        from mailboxes.outbound.notices import send_notice
        from mailboxes.sign_in_views import finish_sign_in
        from tenants.alerts import sends_with
        from tenants.consent import looks_with
        from tenants.round_trip import Purpose, completes

        looks_with(look_at, used_of)
        sends_with(send_notice)
        completes(Purpose.MAILBOX, finish_sign_in)
        completes(Purpose.SENDING, finish_sign_in)
