"""How mail programs quote the mail they answer, in each language."""

import html

from sandbox.demo.letter import Letter

LABELS = {
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "es": ("De", "Enviado", "Para", "Asunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "pl": ("Od", "Wysłane", "Do", "Temat"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
}
WROTE = {
    "en": "On {day} at {time} {who} wrote:",
    "de": "Am {day} um {time} schrieb {who}:",
    "fr": "Le {day} à {time}, {who} a écrit :",
    "es": "El {day} a las {time}, {who} escribió:",
    "it": "Il giorno {day} alle ore {time} {who} ha scritto:",
    "nl": "Op {day} om {time} schreef {who}:",
    "pl": "{day} o {time} {who} napisał(a):",
    "ja": "{day} {time} {who}:",
}
DIVIDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
BAR = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"


def wrote(letter: Letter, lang: str) -> str:
    day = letter.sent_at.strftime("%a, %d %b %Y" if lang == "en" else "%d.%m.%Y")
    return WROTE.get(lang, WROTE["en"]).format(
        day=day, time=letter.sent_at.strftime("%H:%M"), who=letter.sender
    )


def outlook_text(letter: Letter, lang: str) -> str:
    rows = "\n".join(f"{label}: {value}" for label, value in _rows(letter, lang))
    return f"{'_' * 32}\n{rows}\n\n{letter.text}" + _older_text(letter, lang)


def _older_text(letter: Letter, lang: str) -> str:
    return "\n\n" + outlook_text(letter.parent, lang) if letter.parent else ""


def outlook_html(letter: Letter, lang: str) -> str:
    rows = "<br>\n".join(f"<b>{label}:</b> {html.escape(value)}" for label, value in _rows(letter, lang))
    older = outlook_html(letter.parent, lang) if letter.parent else ""
    return (
        f'<div>\n<div style="{DIVIDER}">\n<p class="MsoNormal">{rows}<o:p></o:p></p>\n</div>\n</div>\n'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n{outlook_paragraphs(letter.text)}{older}'
    )


def _rows(letter: Letter, lang: str) -> list[tuple[str, str]]:
    values = (letter.sender, letter.sent_at.strftime("%d.%m.%Y %H:%M"), _bare(letter.to), letter.subject)
    return list(zip(LABELS.get(lang, LABELS["en"]), values, strict=True))


def _bare(people: str) -> str:
    return people[1:-1] if people.startswith("<") else people


def outlook_paragraphs(text: str) -> str:
    lines = (html.escape(line) or "&nbsp;" for line in text.split("\n"))
    return "\n".join(f'<p class="MsoNormal">{line}<o:p></o:p></p>' for line in lines) + "\n"


def angled(letter: Letter, lang: str) -> str:
    """Quote with "> ", older mails one level deeper."""
    inner = f"{letter.text}\n\n{angled(letter.parent, lang)}" if letter.parent else letter.text
    return wrote(letter, lang) + "\n\n" + "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))


def gmail_html(letter: Letter, lang: str) -> str:
    older = gmail_html(letter.parent, lang) if letter.parent else ""
    return (
        f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{html.escape(wrote(letter, lang))}<br></div>"
        f'<blockquote class="gmail_quote" style="{BAR}"><div dir="ltr">{broken(letter.text)}</div>{older}'
        "</blockquote></div>"
    )


def apple_html(letter: Letter, lang: str) -> str:
    older = apple_html(letter.parent, lang) if letter.parent else ""
    return (
        f'<div><br><blockquote type="cite"><div>{html.escape(wrote(letter, lang))}</div><br>'
        f"<div>{broken(letter.text)}</div>{older}</blockquote></div>"
    )


def broken(text: str) -> str:
    return "<br>\n".join(html.escape(line) for line in text.split("\n"))
