"""The door of Graph: token, mailbox, right, slot, then the view; every refusal in Graph's own shape."""

from sandbox.cloud import Cloud
from sandbox.directory import Mailbox
from sandbox.faults import IN_BATCH, instead
from sandbox.graph import routes
from sandbox.graph.access import Access, Gatekeeper, authorize
from sandbox.graph.batch import answer_batch
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request, innards, new_request_id, refusal, throttled
from sandbox.graph.routes import Route
from sandbox.traffic import Seen
from sandbox.wire import Answer, Json, Request

DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"001","RoleInstance":"SB0000"}}'
)


class GraphFront:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.gatekeeper = Gatekeeper(cloud)

    def __call__(self, request: Request) -> Answer:
        request_id = new_request_id()
        inner = self.innards(request, request_id)
        if request.segments == ["v1.0", "$batch"]:
            answer = self._batch(request, inner)
        else:
            answer = self._perform(request, inner, on_wire=True)
        self._stamp(request, answer, request_id)
        return answer

    def innards(self, request: Request, request_id: str) -> Json:
        client = request.headers.get("client-request-id", "")
        return innards(self.cloud.clock.now(), request_id=request_id, client_request_id=client)

    def _stamp(self, request: Request, answer: Answer, request_id: str) -> None:
        stamps = {
            "Cache-Control": "private",
            "request-id": request_id,
            "client-request-id": request.headers.get("client-request-id") or request_id,
            "x-ms-ags-diagnostic": DIAGNOSTIC,
            "Date": self.cloud.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT"),
        }
        if "immutableid" in request.headers.get("prefer", "").lower():
            stamps["Preference-Applied"] = 'IdType="ImmutableId"'
        answer.headers = stamps | answer.headers

    def _batch(self, request: Request, inner: Json) -> Answer:
        def perform(item: Request) -> Answer:
            rule = self.cloud.faults.strike(item, kinds=IN_BATCH)
            if rule:
                return instead(rule, innards=inner)
            return self._perform(item, inner, on_wire=False)

        try:
            if request.method != "POST":
                raise GraphError(405, "BadRequest", "The batch endpoint takes POST only.")
            self.gatekeeper.admit(request.headers.get("authorization", ""))
            answer = answer_batch(request, perform, inner=inner)
        except GraphError as error:
            answer = refusal(error, inner=inner)
        self.cloud.traffic.count(
            Seen(request.method, request.target, answer.status, "batch", ""), on_wire=True
        )
        return answer

    def _perform(self, request: Request, inner: Json, *, on_wire: bool) -> Answer:
        kind, mailbox, answer = "unknown", None, None
        try:
            access = self.gatekeeper.admit(request.headers.get("authorization", ""))
            route, params = _route(request, access)
            kind = route.kind
            mailbox = self._mailbox(access, params[0]) if route.on_mailbox else None
            answer = self._view(Call(self.cloud, request, access, params, kind, mailbox), route)
        except GraphError as error:
            answer = refusal(error, inner=inner)
        address = mailbox.address if mailbox else ""
        self.cloud.traffic.count(
            Seen(request.method, request.target, answer.status, kind, address), on_wire=on_wire
        )
        return answer

    def _mailbox(self, access: Access, name: str) -> Mailbox:
        mailbox = self.cloud.directory.mailbox(access.app.directory_id, name)
        if mailbox is None:
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
        if not mailbox.is_served:
            text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise GraphError(404, "MailboxNotEnabledForRESTAPI", text)
        return mailbox

    def _view(self, call: Call, route: Route) -> Answer:
        if call.found is None:
            if not call.access.may_look_up(call.params[0]):
                text = "Insufficient privileges to complete the operation."
                raise GraphError(403, "Authorization_RequestDenied", text)
            return route.view(call)
        authorize(call.access, call.mailbox, route.need)
        release = self.cloud.traffic.take_slot(call.access.app.client_id, call.mailbox.address)
        if release is None:
            raise throttled()
        try:
            answer = route.view(call)
        except BaseException:
            release()
            raise
        answer.release = release
        return answer


def _route(request: Request, access: Access) -> tuple[Route, list[str]]:
    segments = request.segments[1:]
    if segments and segments[0].lower() == "me":
        if access.person is None:
            raise bad_request("/me request is only valid with delegated authentication flow.")
        segments = ["users", access.person.oid, *segments[1:]]
    node, params = routes.find(segments)
    if node is None or not node.routes:
        text = f"Resource not found for the segment '{segments[-1] if segments else ''}'."
        raise bad_request(text)
    route = node.routes.get(request.method)
    if route is None:
        raise GraphError(405, "ErrorInvalidRequest", "The OData request is not supported.")
    return route, params
