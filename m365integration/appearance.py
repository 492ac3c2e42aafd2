"""How the admin looks: names, colours, what stands in the side bar and who sees it there."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _


def may_read(request: HttpRequest) -> bool:
    from tenants.reach import READERS, may

    return may(request, READERS)


def may_administer(request: HttpRequest) -> bool:
    from tenants.reach import ADMINS, may

    return may(request, ADMINS)


def is_operator(request: HttpRequest) -> bool:
    from tenants.reach import is_operator

    return is_operator(request)


def is_quarantine(request: HttpRequest) -> bool:
    return request.GET.get("state__exact") == "quarantined"


def is_ledger(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/mailboxes/inboundmessage/") and not is_quarantine(request)


def is_mailboxes(request: HttpRequest) -> bool:
    return "/mailboxes/mailbox/" in request.path and not request.path.startswith(
        reverse("admin:mailboxes_radar")
    )


def quarantine_badge(request: HttpRequest) -> str:
    """Count the mails somebody has to look at; nothing when there are none."""
    from mailboxes.figures import quarantined
    from mailboxes.models import InboundMessage
    from tenants.reach import within

    count = quarantined(within(request, InboundMessage.objects.all()))
    return str(count) if count else ""


def news_badge(request: HttpRequest) -> str:
    """Count the tickets the person watches that have something new; nothing when there are none."""
    from tenants.reach import within
    from tickets.looks import with_reading
    from tickets.models import Ticket
    from tickets.watching import news

    if not request.user.is_authenticated:
        return ""
    visible = with_reading(within(request, Ticket.objects.all()), by=request.user)
    count = news(visible, by=request.user).count()
    return str(count) if count else ""


def _item(title: Any, icon: str, link: str, permission: str, **more: Any) -> dict[str, Any]:
    room = __name__
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(link),
        "permission": f"{room}.{permission}",
    } | more


def _style(request: HttpRequest) -> str:
    return static("desk/desk.css")


def _script(request: HttpRequest) -> str:
    return static("desk/desk.js")


def _icon(request: HttpRequest) -> str:
    return static("desk/icon.svg")


def _language(request: HttpRequest) -> str:
    return reverse("language")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Give the side bar; items the user may not open are left out by the theme."""
    from tickets.admin.saved_views import NEEDS_ANSWER

    ledger = reverse_lazy("admin:mailboxes_inboundmessage_changelist")
    badge = quarantine_badge(request)
    tickets = _item(_("Tickets"), "inbox", "admin:tickets_ticket_changelist", "may_read")
    tickets |= {"link": f"{tickets['link']}?{NEEDS_ANSWER}"}
    if news := news_badge(request):
        tickets |= {"badge": news}
    quarantine = _item(_("Quarantine"), "warning", "admin:mailboxes_inboundmessage_changelist", "may_read")
    quarantine |= {"link": f"{ledger}?state__exact=quarantined", "active": is_quarantine}
    return [
        {
            "items": [
                _item(_("Overview"), "dashboard", "admin:index", "may_read"),
                tickets,
                quarantine | ({"badge": badge} if badge else {}),
                _item(_("Alerts"), "notifications", "admin:tenants_alert_changelist", "is_operator"),
            ]
        },
        {
            "title": _("Mail"),
            "separator": True,
            "items": [
                _item(_("Mailboxes"), "mail", "admin:mailboxes_mailbox_changelist", "may_read")
                | {"active": is_mailboxes},
                _item(_("Ledger"), "receipt_long", "admin:mailboxes_inboundmessage_changelist", "may_read")
                | {"active": is_ledger},
                _item(_("Outbox"), "outbox", "admin:mailboxes_outboundmessage_changelist", "may_read"),
                _item(_("Approvals"), "approval", "admin:tickets_approval_changelist", "may_read"),
                _item(_("Queues"), "stacks", "admin:tickets_queue_changelist", "may_read"),
                _item(_("Canned answers"), "quickreply", "admin:tickets_cannedanswer_changelist", "may_read"),
                _item(_("Rules"), "rule", "admin:tickets_rule_changelist", "may_administer"),
                _item(_("Tags"), "label", "admin:tickets_tag_changelist", "may_read"),
            ],
        },
        _customers(),
    ]


def _customers() -> dict[str, Any]:
    return {
        "title": _("Customers"),
        "separator": True,
        "items": [
            _item(_("Tenants"), "domain", "admin:tenants_tenant_changelist", "may_administer"),
            _item(
                _("App registrations"),
                "key",
                "admin:tenants_appregistration_changelist",
                "may_administer",
            ),
            _item(_("What expires"), "event_upcoming", "admin:mailboxes_radar", "may_administer"),
            _item(_("Memberships"), "group", "admin:tenants_membership_changelist", "may_administer"),
            _item(_("Audit list"), "history", "admin:tenants_auditentry_changelist", "may_administer"),
            _item(_("Users"), "badge", "admin:auth_user_changelist", "is_operator"),
        ],
    }


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """Give what stands under a person's name: his own password, where he has one, and his second step."""
    links = [{"title": _("Two-step sign-in"), "link": reverse_lazy("second_factor")}]
    if request.user.is_authenticated and request.user.has_usable_password():
        links.insert(0, {"title": _("Change password"), "link": reverse_lazy("admin:password_change")})
    return links


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": _("Helpdesk mail"),
    "SITE_HEADER": _("Helpdesk mail"),
    "SITE_SUBHEADER": _("Microsoft 365"),
    "SITE_SYMBOL": "forward_to_inbox",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "m365integration.dashboard.fill",
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": _language, "navigation": []},
    "STYLES": [_style],
    "SCRIPTS": [_script],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "LOGIN": {"form": "tenants.signing_in.SignInForm"},
    "ACCOUNT": {"navigation": account_links},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": navigation},
}
