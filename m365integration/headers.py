"""Security headers of every answer, errors included."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
)
#: Where a sign-in may end up; the host of the cloud named custom comes from the settings.
LOGIN_HOSTS = (
    "https://login.microsoftonline.com",
    "https://login.microsoftonline.us",
    "https://login.partner.microsoftonline.cn",
)


def content_policy() -> str:
    """Compose the policy of our own pages; a view that shows foreign content sets a stricter one itself."""
    # Browsers check form-action against redirects too, and a sign-in is a POST redirected to the login host.
    sign_in_hosts = " ".join(filter(None, (*LOGIN_HOSTS, settings.M365_LOGIN_URL)))
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' 'unsafe-eval'",  # the admin theme's Alpine evaluates its attributes
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-src 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'self'",
            f"form-action 'self' {sign_in_hosts}",
        ]
    )


class SecurityHeaders:
    """Outermost middleware, so that answers of every other one get the headers too."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.policy = content_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response
