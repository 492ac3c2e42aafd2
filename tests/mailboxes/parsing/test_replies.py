"""New words told apart from history (MT-166, MT-167 and the rules of the house)."""

import pytest

from mailboxes.parsing.replies import new_text

ATTRIBUTIONS = [
    "On Fri, Nov 20, 2026 at 10:00 AM Ann Lee <ann@example.org> wrote:",
    "On Fri, Nov 20, 2026 at 10:00 AM Ann Lee <\nann@example.org> wrote:",
    "Am 20.11.2026 um 10:00 schrieb Ann Lee:",
    "Ann Lee <ann@example.org> schrieb am Fr., 20.\nNov. 2026 um 10:00 Uhr:",
    "Le ven. 20 nov. 2026 à 10:00, Ann Lee <ann@example.org> a écrit :",
    "El vie, 20 nov 2026 a las 10:00, Ann Lee (<ann@example.org>) escribió:",
    "Op vr 20 nov. 2026 om 10:00 schreef Ann Lee <ann@example.org>:",
    "W dniu pt., 20.11.2026 o 10:00 Ann Lee <ann@example.org> napisał(a):",
    "Den fre. 20. nov. 2026 kl. 10.00 skrev Ann Lee <ann@example.org>:",
    "Il giorno ven 20 nov 2026 alle ore 10:00 Ann Lee <ann@example.org> ha scritto:",
    "Em sex., 20 de nov. de 2026 às 10:00, Ann Lee <ann@example.org> escreveu:",
    "пт, 20 нояб. 2026 г. в 10:00, Ann Lee <ann@example.org> пишет:",
    "пт, 20 лист. 2026 р. о 10:00 Ann Lee <ann@example.org> пише:",
    "20 нояб. 2026 г. 10:00 пользователь Ann Lee <ann@example.org> написал:",
    "2026年11月20日(金) 10:00 Ann Lee <ann@example.org>:",
    "在 2026年11月20日，10:00，Ann Lee <ann@example.org> 写道：",
    "2026년 11월 20일 (금) 오전 10:00, Ann Lee <ann@example.org>님이 작성:",
    "2026. nov. 20. 10:00 ezt írta (Ann Lee <ann@example.org>):",
    "pá 20. 11. 2026 v 10:00 odesílatel Ann Lee <ann@example.org> napsal:",
    "Στις Παρ, 20 Νοε 2026 στις 10:00 π.μ., ο χρήστης Ann Lee <ann@example.org> έγραψε:",
    "בתאריך יום ו׳, 20 בנוב׳ 2026 ב-10:00 מאת \u202aAnn Lee\u202c <\u202aann@example.org\u202c>:\u202c",
    "Ann Lee <ann@example.org>, 20 Kas 2026 Cum, 10:00 tarihinde şunu yazdı:",
    "Zitat von Ann Lee <ann@example.org>:",
]
BLOCKS = [
    "From: Help <help@desk.example>\nSent: Friday, November 20, 2026 10:00 AM\nTo: Ann\nSubject: RE: Printer",
    "Von: Help\nGesendet: Freitag, 20. November 2026 10:00\nAn: Ann\nBetreff: AW: Drucker",
    "De : Help\nEnvoyé : vendredi 20 novembre 2026 10:00\nÀ : Ann\nObjet : RE: imprimante",
    "De: Help\nEnviado: viernes, 20 de noviembre de 2026 10:00\nPara: Ann\nAsunto: RE: impresora",
    "Van: Help\nVerzonden: vrijdag 20 november 2026 10:00\nAan: Ann\nOnderwerp: RE: printer",
    "Od: Help\nWysłano: piątek, 20 listopada 2026 10:00\nDo: Ann\nTemat: RE: drukarka",
    "Fra: Help\nSendt: fredag 20. november 2026 10:00\nTil: Ann\nEmne: SV: printer",
    "Från: Help\nSkickat: den 20 november 2026 10:00\nTill: Ann\nÄmne: SV: skrivare",
    "Da: Help\nInviato: venerdì 20 novembre 2026 10:00\nA: Ann\nOggetto: R: stampante",
    "De: Help\nEnviada em: sexta-feira, 20 de novembro de 2026 10:00\nPara: Ann\nAssunto: RES: impressora",
    "От: Help\nОтправлено: 20 ноября 2026 г. 10:00\nКому: Ann\nТема: RE: принтер",
    "Від: Help\nНадіслано: 20 листопада 2026 р. 10:00\nКому: Ann\nТема: RE: принтер",
    "Feladó: Help\nElküldve: 2026. november 20. 10:00\nCímzett: Ann\nTárgy: RE: nyomtató",
    "寄件者: Help\n寄件日期: 2026年11月20日 10:00\n收件者: Ann\n主旨: RE: 印表機",
    "מאת: Help\nנשלח: 20 נובמבר 2026 10:00\nאל: Ann\nנושא: RE",
    "*From:* Help\n*Date:* Friday, November 20, 2026\n*To:* Ann\n*Subject:* Re: Printer",
]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_quote_below_an_attribution_is_history(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n\n> Please try now.\n> Help\n") == "It works again."


@pytest.mark.parametrize("line", ATTRIBUTIONS[:3])
def test_history_without_quote_marks_is_history_too(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n\nPlease try now.\n") == "It works again."


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("rule", ["", "________________________________\n", "-----Original Message-----\n"])
def test_headers_repeated_by_outlook_begin_the_history(block: str, rule: str) -> None:
    assert new_text(f"It works again.\n\n{rule}{block}\n\nPlease try now.\n") == "It works again."


def test_words_between_quotes_are_never_lost() -> None:
    body = "On Fri, 20 Nov 2026 Ann <a@x.org> wrote:\n> Does it print?\n\nYes.\n\n> In colour?\n\nNo.\n"
    assert new_text("See below.\n\n" + body) == ("See below.\n\n" + body).strip()


def test_answer_below_the_quote_is_the_new_text() -> None:
    body = "On Fri, 20 Nov 2026 Ann <a@x.org> wrote:\n\n> Does it print?\n>\n\nYes, it does.\n"
    assert new_text(body) == "Yes, it does."


@pytest.mark.parametrize(
    "body",
    ["> only a quote\n> of two lines\n", "-- \nAnn\n", "From: a\nSent: b\nTo: c\nSubject: d\n\nold\n", ""],
)
def test_empty_result_means_the_whole_text(body: str) -> None:
    assert new_text(body) == body.strip()


CLOSINGS = [
    "Med venlig hilsen\nAnn Lee",
    "Mit freundlichen Grüßen\n\nAnn Lee\nEinkauf",
    "Best regards,\nAnn",
    "/Ann",
]


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closing_formula_and_name_of_a_reply_are_folded_with_its_history(closing: str) -> None:
    assert new_text(f"It works again.\n\n{closing}\n\n{ATTRIBUTIONS[0]}\n\n> Try.\n") == "It works again."


def test_closing_formula_stays_where_nothing_is_quoted_or_nothing_else_is_said() -> None:
    assert new_text("It works.\n\nBest regards,\nAnn\n") == "It works.\n\nBest regards,\nAnn"
    assert new_text(f"Best regards,\nAnn\n\n{ATTRIBUTIONS[0]}\n> Try.\n") == "Best regards,\nAnn"


def test_closing_with_a_question_below_it_stays() -> None:
    body = "It works.\n\nBest regards,\nAnn\nWhen will you come?"
    assert new_text(f"{body}\n\n{ATTRIBUTIONS[0]}\n> Try.\n") == body


def test_forwarded_mail_without_a_word_above_it_speaks_for_itself() -> None:
    head = (
        "---------- Forwarded message ---------\nFrom: Ann <a@x.org>\nDate: Fri\nSubject: Printer\nTo: me\n"
    )
    assert new_text(head + "\n\nIt jams.\n") == "It jams."
    assert new_text("---------- Forwarded message ---------\nIt jams.\n\nReally.\n").startswith("It jams.")


def test_forwarded_mail_is_kept_whole() -> None:
    headers = "From: Bob <bob@x.org>\nDate: today\nSubject: Help\nTo: me\n"
    body = "Please help him.\n\n---------- Forwarded message ---------\n" + headers + "\nIt jams.\n"
    assert new_text(body) == body.strip()


@pytest.mark.parametrize(
    "ending",
    [
        "\n-- \nAnn Lee\nExample Ltd\n",
        "\nSent from my iPhone\n",
        "\nVon meinem iPhone gesendet\n",
        "\nGet Outlook for iOS<https://aka.ms/x>\n",
    ],
)
def test_signature_is_left_out(ending: str) -> None:
    assert new_text("It works again.\n" + ending) == "It works again."


@pytest.mark.parametrize(
    "body",
    [
        "He wrote: it jams.\nAnd then:\nnothing.",
        "From: the start\nit jams",
        "Version 1 -- 2\n\n--\n" + "more\n" * 40,
        "On Monday it jams:\nsee",
    ],
)
def test_ordinary_words_are_not_history(body: str) -> None:
    assert new_text(body) == body.strip()


@pytest.mark.parametrize(
    "line",
    [
        "> > >\n",
        "On Mon 1 Jan 2024 a@b.org wrote:\n",
        "> > >\nOn x wrote:\n",
        "wrote ",
        "On \n",
        "From: a\nTo: b\n\n",
        "Sent from\n",
        "-- \n",
        "=== \n",
        "_" * 21 + "\n",
        "a:\n",
        "\n",
        " ",
        "-",
        "1",
    ],
)
@pytest.mark.usefixtures("cpu_guard")
def test_a_megabyte_of_hostile_lines_loses_nothing_and_stalls_nothing_mt_166_mt_167(line: str) -> None:
    hostile = line * (1_000_000 // len(line))
    assert new_text(hostile) in hostile
