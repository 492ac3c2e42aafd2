"""Addresses of the product; those of an app stand in the app's own urls.py."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from m365integration import health
from tenants.proving import prove


def no_redirect(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """Close the admin's redirect by content type: it would tell which rows exist, whoever they belong to."""
    raise Http404


admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/r/<int:content_type_id>/<path:object_id>/", admin.site.admin_view(no_redirect)),
    path("admin/confirm/", admin.site.admin_view(prove), name="prove"),
    path("admin/", admin.site.urls),
    path("", include("tenants.urls")),
    path("", include("tickets.urls")),
    path("", include("mailboxes.urls")),
    *[path(address.lstrip("/"), view) for address, view in health.PROBES.items()],
]
