"""Error reports without anything a person typed, a browser sent or a function held (S-19)."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from tenants.redaction import HIDDEN, redact

#: Request facts that name no person and carry no secret.
SHOWN = frozenset({"REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "SERVER_PROTOCOL", "CONTENT_TYPE"})


class DiscreetFilter(SafeExceptionReporterFilter):
    """Hide every value, not only those whose name looks secret: a form's `value` may be one."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        return {name: value for name, value in request.META.items() if name in SHOWN}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES, HIDDEN)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, HIDDEN) if request is not None else {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, HIDDEN).items()


class DiscreetReporter(ExceptionReporter):
    """Drop the parts of Django's report that no filter sees: query string, full address, files, user."""

    def get_traceback_data(self) -> dict[str, Any]:
        report: dict[str, Any] = dict(super().get_traceback_data())
        report |= {"request_GET_items": [], "request_FILES_items": [], "user_str": HIDDEN, "sys_path": []}
        report["request_insecure_uri"] = getattr(self.request, "path", "")
        report["exception_value"] = redact(str(report.get("exception_value", "")))
        report["exception_notes"] = redact(str(report.get("exception_notes", "")))
        return report
