"""Addresses of the product; those of an app stand in the app's own urls.py."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from m365integration import health
from m365integration.languages import choose
from tenants.proving import prove
from tenants.second_factor_pages import reset_second_factor, second_factor
from tenants.signing_in import sign_in, sign_in_code


def no_redirect(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """Close the admin's redirect by content type: it would tell which rows exist, whoever they belong to."""
    raise Http404


admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/r/<int:content_type_id>/<path:object_id>/", admin.site.admin_view(no_redirect)),
    path("admin/login/", sign_in),
    path("admin/login/code/", sign_in_code, name="sign_in_code"),
    path("admin/second-step/", admin.site.admin_view(second_factor), name="second_factor"),
    path(
        "admin/auth/user/<int:pk>/second-step/",
        admin.site.admin_view(reset_second_factor),
        name="second_factor_reset",
    ),
    path("admin/confirm/", admin.site.admin_view(prove), name="prove"),
    path("admin/language/", admin.site.admin_view(choose), name="language"),
    path("admin/", admin.site.urls),
    path("", include("tenants.urls")),
    path("", include("tickets.urls")),
    path("", include("mailboxes.urls")),
    *[path(address.lstrip("/"), view) for address, view in health.PROBES.items()],
]
