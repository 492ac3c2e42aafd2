"""What a browser sees: Microsoft's page of trouble, and a page to choose who signs in."""

from html import escape
from urllib.parse import urlencode
from uuid import uuid4

from sandbox.cloud import Cloud
from sandbox.entra.errors import EntraError
from sandbox.wire import Answer, Request, html

#: Who signs in and what is answered, when a person at the page says so and not the control door.
ACCOUNT, ANSWER = "sandbox_account", "sandbox_answer"
STYLE = (
    "body{font:16px/1.5 'Segoe UI',system-ui,sans-serif;background:#f2f2f2;margin:0;padding:8vh 1rem}"
    "main{background:#fff;max-width:27rem;margin:auto;padding:2.5rem;box-shadow:0 2px 6px #0003}"
    "h1{font-size:1.4rem;font-weight:600;margin:0 0 1rem}a{color:#0067b8;display:block;padding:.45rem 0}"
    "small,pre{color:#555;white-space:pre-wrap;overflow-wrap:anywhere}"
)


def page(title: str, text: str, *, more: str = "", status: int = 200) -> Answer:
    """Show a page; more is markup."""
    return html(
        status,
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</main></body></html>",
    )


def trouble(cloud: Cloud, error: EntraError) -> Answer:
    """Show the page that ends a sign-in without going back to the app."""
    now = cloud.clock.now()
    facts = (
        f"Request Id: {uuid4()}\nCorrelation Id: {uuid4()}\nTimestamp: {now.strftime('%Y-%m-%dT%H:%M:%SZ')}\n"
        f"Message: AADSTS{error.code}: {error.text}"
    )
    text = f"Sorry, but we're having trouble signing you in. AADSTS{error.code}: {error.text}"
    # The real page comes with 200 as well: only a person can tell that it is not a good one.
    return page("Sign in", text, more=f"<pre>Troubleshooting details\n{escape(facts)}</pre>")


def choose(cloud: Cloud, request: Request) -> Answer:
    """Ask which account signs in, and whether it accepts."""
    hint = request.query.get("login_hint", "").lower()
    names = [person.user_name for person in cloud.directory.people]
    names += [box.address for box in cloud.directory.mailboxes if box.address not in names]
    names.sort(key=lambda name: name.lower() != hint)
    rows = "".join(
        f"<li>{_link(request, name, 'accept', name)}<small>{_link(request, name, 'decline', '… and decline')}</small>"
        for name in names
    )
    return page("Pick an account", "to continue to the application.", more=f"<ul>{rows}</ul>")


def _link(request: Request, account: str, answer: str, shown: str) -> str:
    target = f"{request.path}?{urlencode({**request.query, ACCOUNT: account, ANSWER: answer})}"
    return f'<a href="{escape(target)}">{escape(shown)}</a>'


def answer_given(cloud: Cloud, request: Request) -> str:
    return request.query.get(ANSWER) or cloud.sign_ins.browser.consent


def ask_code(*, wrong: bool) -> Answer:
    said = (
        "That code didn't work. Check the code and try again."
        if wrong
        else "Enter the code displayed on your app."
    )
    field = '<form><input name="otc" maxlength="9" autofocus> <button>Next</button></form>'
    return page("Enter code", said, more=field)


def post_back(address: str, answer: dict[str, str]) -> Answer:
    """Send the browser back by a form that submits itself (response_mode=form_post)."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in answer.items()
    )
    form = f'<form method="post" action="{escape(address)}">{fields}<button>Continue</button></form>'
    return page("Working...", "", more=f"{form}<script>document.forms[0].submit()</script>")
