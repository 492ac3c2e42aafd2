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


WRAPPED = [
    "Am Fr., 20. Nov. 2026 um 10:00 Uhr schrieb Help Desk of Example\nLimited <help@desk.example>:",
    "pá 20. 11. 2026 v 10:00 odesílatel Help Desk of Example Limited\n<help@desk.example> napsal:",
    "Pada Jum, 20 Nov 2026 pukul 10.00 Help Desk of Example Limited\n<help@desk.example> menulis:",
    "Help Desk of Example Limited and Company of London Bridge\n<help@desk.example> 于2026年11月20日周五 10:00写道：",
    "در تاریخ جمعه ۲۰ نوامبر ۲۰۲۶، ۱۰:۰۰ Help Desk of Example Limited London\n<help@desk.example> نوشت:",
    "pe 20. marrask. 2026 klo 10.00 Help Desk of Example Limited of London\n(help@desk.example) kirjoitti:",
]


@pytest.mark.parametrize("line", WRAPPED)
def test_attribution_that_was_wrapped_is_history_from_its_first_line(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n\n> Please try now.\n") == "It works again."


@pytest.mark.parametrize(
    "line",
    [
        "20 नव॰ 2026 को 10:00 बजे को Help <help@desk.example> ने लिखा:",
        "2026年11月20日(金) 10:00 Help <help@desk.example>:",
        "ในวันที่ ศ. 20 พ.ย. 2569 เวลา 10:00 Help <help@desk.example> เขียนว่า:",
    ],
)
def test_day_moment_and_address_are_an_attribution_without_quote_marks_too(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n\nPlease try now.\n") == "It works again."


@pytest.mark.parametrize(
    "line", ["2026/11/20 Help <help@desk.example>", "2026-11-20 10:00 Help <help@desk.example>"]
)
def test_day_and_address_right_above_a_quote_are_an_attribution_without_a_colon(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n\n> Please try now.\n") == "It works again."
    assert "Please" in new_text(f"It works again.\n\n{line}\n\nPlease try now.\n")


def test_short_line_above_an_attribution_was_not_wrapped_and_stays() -> None:
    body = "It worked at 10:00 in 2026.\nHelp <help@desk.example> rašė:\n> Please try now.\n"
    assert new_text(body) == "It worked at 10:00 in 2026."


@pytest.mark.parametrize(
    "line", ["Help kirjoitti 20.11.2026 klo 10.00:", "2026. 11. 20. 10:00 keltezéssel, Help írta:"]
)
def test_moment_and_verb_right_above_a_quote_are_an_attribution(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n> Please try now.\n") == "It works again."


def test_quote_that_goes_on_in_the_line_of_its_attribution_is_history() -> None:
    line = "On Fri, Nov 20, 2026 at 10:00, Help<help@desk.example> wrote:   Please try"
    assert (
        new_text(f"It works again.\n\nSent from Yahoo Mail on Android\n\n  {line}\nnow.") == "It works again."
    )


HEADERS_ABOVE = [
    "Gesendet: Freitag, 20. November 2026 um 10:00 Uhr\nVon: Help\nAn: ann@x.example\nBetreff: Re: Drucker",
    "-----Original-Nachricht-----\nBetreff: Re: Drucker\nDatum: 2026-11-20T10:00\nVon: Help\nAn: ann@x.example",
    "Date: Fri, 20 Nov 2026 10:00:00 +0100\nFrom: help@desk.example\nTo: ann@x.example\nSubject: Re: Printer",
    "---------- Původní e-mail ----------\nOd: Help\nKomu: ann@x.example\nDatum: 20. 11. 2026\nPředmět: Re",
    "envoyé : 20 novembre 2026 à 10:00\nde : Help\nà : ann@x.example\nobjet : Re: imprimante",
]


@pytest.mark.parametrize("block", HEADERS_ABOVE)
def test_headers_and_rule_above_the_from_line_are_history_too(block: str) -> None:
    assert new_text(f"It works again.\n\n{block}\n\nPlease try now.\n") == "It works again."


@pytest.mark.parametrize("line", ["A: Yes it is", "Subject: Printer"])
def test_line_of_the_sender_above_repeated_headers_stays(line: str) -> None:
    assert new_text(f"It works.\n{line}\n{BLOCKS[0]}\n\nPlease try.\n") == f"It works.\n{line}"


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


@pytest.mark.parametrize("below", ["When will you come?", "PS toner is out", "The toner is empty too."])
def test_closing_with_something_said_below_it_stays(below: str) -> None:
    body = f"It works.\n\nBest regards,\nAnn\n{below}"
    assert new_text(f"{body}\n\n{ATTRIBUTIONS[0]}\n> Try.\n") == body


def test_forwarded_mail_without_a_word_above_it_speaks_for_itself() -> None:
    head = (
        "---------- Forwarded message ---------\nFrom: Ann <a@x.org>\nDate: Fri\nSubject: Printer\nTo: me\n"
    )
    assert new_text(head + "\n\nIt jams.\n") == "It jams."
    assert new_text("---------- Forwarded message ---------\nIt jams.\n\nReally.\n").startswith("It jams.")


def test_words_signed_in_their_own_lines_are_shown_without_them() -> None:
    armour = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{}\n-----BEGIN PGP SIGNATURE-----\n\nabc=\n"
    body = armour.format("It jams.\n\n- --\nAnn") + "Comment: A-B\n-----END PGP SIGNATURE-----\n"
    assert new_text(body) == "It jams."
    around = "Above.\n\n" + body.replace("\n\n- --\nAnn", "") + "\nBelow."
    assert new_text(around) == "Above.\n\nIt jams.\n\nBelow."
    assert new_text(armour.format("It jams.")).startswith("-----BEGIN")


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


MOBILE = [
    *("Outlook für Android<https://aka.ms/AAb9ysg> beziehen", "Holen Sie sich Outlook für iOS"),
    *(
        "Ottieni Outlook per iOS<https://aka.ms/o0ukef>",
        "Outlook voor iOS downloaden",
        "Hanki Outlook for iOS",
    ),
    *("iOS için Outlook'u edinin", "iOS 版 Outlook を入手", "iOS용 Outlook 다운로드", "获取 Outlook for iOS"),
    *("Lähetetty iPhonesta", "Odesláno z iPhonu", "iPhone’umdan gönderildi", "Az iPhone-omról küldve"),
    *(
        "Von meinem Galaxy gesendet",
        "Sent via the Samsung Galaxy S7, an AT&T 4G LTE smartphone",
        "iPhoneから送信",
    ),
]


@pytest.mark.parametrize("line", MOBILE)
def test_words_a_telephone_adds_are_left_out(line: str) -> None:
    assert new_text(f"It works again.\n\n{line}\n") == "It works again."


@pytest.mark.parametrize(
    "body",
    [
        "The parcel was\nsent from Berlin on Monday",
        "Das Paket wurde\ngesendet von Berlin am Montag",
        "It is easier.\n\nSent from my desk, is much easier than my mobile phone.",
        "Now the mail opens.\nOutlook on Android still does not.",
        "It is this:\niOS: Outlook crashes when opening attachments",
        "Es ist das:\nOutlook per Android geht nicht",
        "Bitte das:\nHolen Sie Outlook für Android bitte auf mein Handy und richten Sie es ein.",
        "Genehmigt.\nVon den 20 Mobiltelefonen werden 10 aber nicht verschickt.",
        "Es fehlt.\nVon der Sparkasse wurde das Formular gestern verschickt.",
        "Es geht.\nVon meinem Telefon wird keine Mail gesendet.",
        "Approved, but:\nOur man (max@firm.example) was here on 20.11.2026 at 10:30 and found:\n- a crack",
        "Hi\nplease write to Ann <ann@x.example> on 20.11.2026 at 10:30 about this:\n\nThe printer jams.",
        "Hi\nwe got from Sam <sam@x.example> on 3 November 2026, 14:05, this order:\n- 3 chairs\nPlease confirm.",
        "See:\nInvoice 2510 over 99.50 EUR came from Ann <ann@x.example>:\nis it ours?",
        "Hello,\nas discussed on 2026-11-20 at 10:00 go to <a@x.example>:  the jam is back.",
        "Part one\n_______________________________\nPart two matters.\nYes.",
        "One\n__\nTwo matters",
        "Paper, please.\n\n--\nPlease also order toner.",
        "Please book:\n\nFrom: Berlin\nTo: Paris\nDate: 20.11.2026\nOne seat.",
        "See below.\n\n-- \nAnn\n\nOn Fri, 20 Nov 2026 Ann <a@x.org> wrote:\n> Black?\nNo.\n> Colour?\nYes.",
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
        "-----BEGIN PGP SIGNED MESSAGE-----\n\n-----BEGIN PGP SIGNATURE-----\n",
        "On Mon 1 Jan 2024 a@b.org wrote:\n",
        "> > >\nOn x wrote:\n",
        "wrote ",
        "On \n",
        "From: a\nTo: b\n\n",
        "Sent from\n",
        "It jams.\n--\n" + "word " * 200_000,
        "It jams.\nBest regards\n" + "word " * 200_000,
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
