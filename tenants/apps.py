from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        from tenants import checks  # noqa: F401
        from tenants.round_trip import Purpose, completes
        from tenants.views import consent_returned

        completes(Purpose.CONSENT, consent_returned)
