"""Stop a request that forgets to say whose rows it asks for."""

from django.http import HttpRequest, HttpResponse

from m365integration.headers import Answer
from tenants.whom import until_said


class Walls:
    """Let no page ask for rows without saying for whom, the operator's pages and anonymous ones included."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with until_said():
            return self.get_response(request)
