"""Django system checks of this room. Ids are stable and never used again for something else.

tenants.E001  an admin page is neither scoped by tenant nor the operator's alone
tenants.E002  an inline is not scoped by tenant
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import autodiscover
from django.contrib.admin.sites import all_sites
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.admin)
def check_admin_is_scoped(**kwargs: Any) -> list[CheckMessage]:
    """Refuse to start with an admin page that would show the rows of every tenant to everybody."""
    autodiscover()  # wherever the check runs, it looks at every page there is
    pages = [page for site in all_sites for page in site._registry.values()]
    return [error for page in pages for error in [*_page(page), *_inlines(page)]]


def _page(page: Any) -> Iterator[CheckMessage]:
    from tenants.admin.scoped import OperatorOnly, TenantOwnedAdmin
    from tenants.reach import path_to_tenant

    if isinstance(page, OperatorOnly):
        return
    if not isinstance(page, TenantOwnedAdmin) or path_to_tenant(page.model) is None:
        yield Error(
            f"The admin page of {page.model._meta.label} has no path to a tenant.",
            hint="Derive the model from TenantOwned and the page from TenantOwnedAdmin, or the page from OperatorOnly.",
            obj=type(page),
            id="tenants.E001",
        )


def _inlines(page: Any) -> Iterator[CheckMessage]:
    from tenants.admin.scoped import OperatorOnly, ScopedInline

    for inline in page.inlines:
        if not issubclass(inline, (ScopedInline, OperatorOnly)):
            yield Error(
                f"The inline {inline.__name__} of {page.model._meta.label} is not scoped by tenant.",
                hint="Derive it from OwnedStackedInline or OwnedTabularInline.",
                obj=type(page),
                id="tenants.E002",
            )
