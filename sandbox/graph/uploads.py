"""Upload sessions: a large file comes to its draft piece by piece, at an address that needs no token.

Source: https://learn.microsoft.com/graph/outlook-large-attachments
"""

import re
from datetime import timedelta
from uuid import uuid4

from sandbox.clock import graph_time
from sandbox.cloud import Cloud, Upload
from sandbox.graph.access import Access
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request, innards, new_request_id, refusal
from sandbox.graph.sending import LARGE_BYTES, MOST_BYTES, attach, draft_of
from sandbox.ids import IMMUTABLE, ItemId, write_id
from sandbox.traffic import Seen
from sandbox.wire import Answer, Request

PATH = "/api/gv1.0/AttachmentSessions/"
LARGEST_BYTES = 150 * 1024 * 1024
LIFE = timedelta(hours=1)
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def open_session(call: Call) -> Answer:
    draft, item = draft_of(call, call.params[1]), call.json().get("AttachmentItem")
    if not isinstance(item, dict) or not isinstance(item.get("size"), int) or not item.get("name"):
        raise bad_request("The AttachmentItem needs a name and a size.", code="ErrorInvalidParameter")
    if item["size"] < LARGE_BYTES:
        raise bad_request("Attachments below 3 MB are added with one request.", code="ErrorInvalidParameter")
    if item["size"] > LARGEST_BYTES:
        raise GraphError(413, "ErrorAttachmentSizeLimitExceeded", "The attachment is over 150 MB.")
    token = uuid4().hex
    call.cloud.uploads[token] = Upload(mailbox=call.mailbox, draft=draft.number, item=item)
    session = {
        "uploadUrl": f"{call.request.base_url}{PATH}{token}?authtoken=sandbox",
        "expirationDateTime": graph_time(call.cloud.clock.now() + LIFE),
        "nextExpectedRanges": ["0-"],
    }
    return Answer(201, payload=session)


def answer_upload(cloud: Cloud, request: Request) -> Answer:
    """Take a piece, say what is missing, or forget the session; errors in Graph's own shape."""
    token = request.path.removeprefix(PATH)
    try:
        upload = cloud.uploads.get(token)
        if upload is None:
            raise GraphError(404, "ErrorItemNotFound", "The upload session was not found.")
        if request.headers.get("authorization"):
            raise GraphError(401, "InvalidAuthenticationToken", "No Authorization header is expected here.")
        answer = _answer(cloud, request, upload, token)
    except GraphError as error:
        request_id = new_request_id()
        inner = innards(cloud.clock.now(), request_id=request_id, client_request_id="")
        answer = refusal(error, inner=inner)
    cloud.traffic.count(Seen(request.method, request.target, answer.status, "uploads", ""), on_wire=True)
    return answer


def _answer(cloud: Cloud, request: Request, upload: Upload, token: str) -> Answer:
    if request.method == "DELETE":
        del cloud.uploads[token]
        return Answer(204)
    if request.method == "PUT":
        _take(request, upload)
        if len(upload.content) == upload.item["size"]:
            del cloud.uploads[token]
            _finish(cloud, request, upload)
            return Answer(201, {"Location": f"{request.base_url}/api/v2.0/Attachments('{token}')"})
    return Answer(payload={"NextExpectedRanges": [str(len(upload.content))]})


def _take(request: Request, upload: Upload) -> None:
    match = RANGE.fullmatch(request.headers.get("content-range", ""))
    if match is None or len(request.body) > MOST_BYTES:
        raise bad_request("Content-Range is missing, or the piece is over 4 MB.")
    first, last, total = map(int, match.groups())
    if total != upload.item["size"] or last - first + 1 != len(request.body):
        raise bad_request("Content-Range does not fit the piece.")
    if first != len(upload.content):
        raise GraphError(416, "ErrorInvalidRange", "The piece does not begin where the last one ended.")
    upload.content += request.body


def _finish(cloud: Cloud, request: Request, upload: Upload) -> None:
    # The session stands for the right it was opened with; the draft may have been sent or deleted meanwhile.
    nobody = Access(cloud.directory.apps[0], frozenset(), 0.0)
    call = Call(cloud, request, nobody, [], "uploads", upload.mailbox)
    name = write_id(ItemId(IMMUTABLE, upload.draft), owner=upload.mailbox.oid)
    attach(call, draft_of(call, name), upload.item, bytes(upload.content))
