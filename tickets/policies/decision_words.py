"""The words by which people decide, in the languages our customers' approvers write; a tenant adds its own.

A phrase is what a mail must begin with, and an approval says nothing else but what stands in the harmless lists: no
list of dangers is ever whole. A word that means one thing here and another there, as the German "da", is in none.
"""

from __future__ import annotations

from typing import Final

APPROVING: Final = (
    *("i hereby approve", "approved by me", "approved from my side", "i approve this", "i approve it"),
    *("hiermit genehmigt", "hiermit genehmige ich", "von mir genehmigt", "ist genehmigt", "wird genehmigt"),
    *("ist freigegeben", "hiermit freigegeben", "hiermit genehmigen wir", "genehmige ich", "wir genehmigen"),
    *("zustimmung erteilt", "genehmigung erteilt", "stimme zu", "ich stimme dem zu", "ich gebe es frei"),
    *("ich gebe das frei", "ich bin einverstanden", "bin einverstanden", "in ordnung", "geht in ordnung"),
    *("ja bitte bestellen", "von meiner seite in ordnung", "von meiner seite okay"),
    *("ist in ordnung", "von meiner seite genehmigt", "von meiner seite freigegeben", "ja bitte"),
    *("von meiner seite ok", "von meiner seite einverstanden", "meinerseits genehmigt", "yes please"),
    *("approval is granted", "you have my approval", "please proceed", "please go ahead", "we agree"),
    *("fine with me", "fine by me", "fine for me", "sounds good", "looks good to me", "lgtm"),
    *("approuvée", "validée", "c'est approuvé", "c'est validé", "c'est bon pour moi", "bon pour accord"),
    *("je suis d'accord", "accord donné", "demande approuvée", "demande validée", "nous approuvons"),
    *("i do approve", "yes i do approve", "i do approve this"),
    *("approve", "approved", "i approve", "we approve", "approval granted", "yes", "agreed", "i agree"),
    *("accept", "accepted", "i accept", "ok", "okay", "granted", "confirmed", "go ahead"),
    *("genehmigt", "genehmige", "ich genehmige", "ich genehmige es", "ich genehmige das", "freigegeben"),
    *(
        "freigabe erteilt",
        "ich gebe frei",
        "zugestimmt",
        "ich stimme zu",
        "einverstanden",
        "angenommen",
        "ja",
    ),
    *("approuvé", "approuve", "j'approuve", "j'accepte", "accepté", "accordé", "d'accord", "je valide"),
    *("validé", "oui", "aprobado", "aprobada", "apruebo", "lo apruebo", "aceptado", "acepto", "de acuerdo"),
    *("sí", "approvato", "approvata", "approvo", "accetto", "accettato", "sono d'accordo", "sì"),
    *("aprovado", "aprovada", "aprovo", "aceito", "de acordo", "sim"),
    *("goedgekeurd", "ik keur goed", "akkoord", "ik ga akkoord", "zatwierdzam", "zatwierdzone", "zgoda"),
    *("zgadzam się", "akceptuję", "tak", "godkänd", "godkänt", "godkänner", "jag godkänner", "godkendt"),
    *("jeg godkender", "godkjent", "jeg godkjenner", "hyväksytty", "hyväksyn", "kyllä", "schváleno"),
    *("schvaluji", "souhlasím", "ano", "schválené", "schvaľujem", "súhlasím", "áno", "jóváhagyva"),
    *("jóváhagyom", "igen", "aprobat", "aprob", "odobreno", "odobravam", "εγκρίνεται", "εγκρίνω", "ναι"),
    *("одобрено", "одобряю", "согласен", "согласна", "согласовано", "да", "схвалено", "схвалюю", "так"),
    *(
        "onaylandı",
        "onaylandi",
        "onaylıyorum",
        "onayliyorum",
        "evet",
        "承認",
        "承認します",
        "承認しました",
        "承認いたします",
        "はい",
    ),
    *("批准", "同意", "我同意", "核准", "승인", "승인합니다", "동의합니다"),
)
REJECTING: Final = (
    *("reject", "rejected", "i reject", "we reject", "decline", "declined", "i decline", "deny", "denied"),
    *("refused", "i refuse", "disapprove", "disapproved", "not approved", "not accepted", "not agreed"),
    *("not granted", "i do not approve", "i don't approve", "i do not agree", "i don't agree", "no"),
    *("abgelehnt", "ich lehne ab", "ich lehne es ab", "nicht genehmigt", "ich genehmige nicht"),
    *("nicht freigegeben", "nicht einverstanden", "verweigert", "nein", "refusé", "refuse", "je refuse"),
    *("rejeté", "je rejette", "pas d'accord", "non approuvé", "non", "rechazado", "rechazada", "rechazo"),
    *("lo rechazo", "denegado", "no aprobado", "no apruebo", "rifiutato", "rifiuto", "respinto", "negato"),
    *("non approvato", "non approvo", "rejeitado", "rejeito", "recusado", "recuso", "não aprovado", "não"),
    *("afgewezen", "afgekeurd", "ik wijs af", "niet akkoord", "niet goedgekeurd", "nee", "odrzucam"),
    *("odrzucone", "nie zgadzam się", "nie", "avslag", "avslagen", "avslås", "avvisad", "avvist", "afvist"),
    *("inte godkänd", "ikke godkendt", "ikke godkjent", "nej", "nei", "hylätty", "hylkään", "ei"),
    *("zamítnuto", "zamítám", "nesouhlasím", "zamietnuté", "zamietam", "nesúhlasím", "elutasítva"),
    *("elutasítom", "nem", "respins", "resping", "odbijeno", "odbijam", "απορρίπτεται", "απορρίπτω", "όχι"),
    *("отклонено", "отклоняю", "отказано", "не согласен", "не согласна", "нет", "відхилено", "відхиляю"),
    *(
        "не погоджуюсь",
        "ні",
        "reddedildi",
        "reddediyorum",
        "hayır",
        "hayir",
        "却下",
        "却下します",
        "否認",
        "いいえ",
    ),
    *("承認しません", "拒绝", "拒絕", "不同意", "不批准", "驳回", "거부", "거부합니다", "반려"),
)


def _each(*lines: str) -> frozenset[str]:
    """Give the words of these lines as they are compared, in which “außer” is “ausser”."""
    return frozenset(word.casefold() for line in lines for word in line.split())


#: Of those that reject, what people also begin with who mean something else: "No problem", "Nein, gerne". They decide
#: only where their sentence says nothing else, courtesies aside.
WEAK: Final = _each("no nein non não nee nie nej nei ei nem όχι нет ні hayır hayir いいえ")
#: Whom a greeting names besides people with a capital letter.
GREETED: Final = _each(
    "team all everybody everyone there zusammen alle allerseits miteinander damen herren herr frau und",
    "mr mrs ms madame monsieur à tous toutes colleagues folks kollegen equipo tutti support",
)
#: What follows the word that approves, and adds nothing: "I approve this request, thanks".
HARMLESS: Final = _each(
    "it this that the your our request order purchase proposal application invoice hereby herewith es das",
    "die den der dies diese diesen dieses dem ihre ihren eure deine deinen hiermit antrag anfrage bestellung",
    "anschaffung beschaffung kauf vorschlag rechnung angelegenheit cela ceci la le cette votre demande",
    "commande achat facture proposition lo esto solicitud questo richiesta isto dit dat det to",
    "thanks thx cheers regards best kind warm wishes sincerely br bg danke gerne gern dank grüße grüsse",
    "gruß gruss lg vg mfg merci gracias saludos grazie saluti obrigado obrigada bedankt graag groet groeten",
    "tack takk tak kiitos dziękuję děkuji ďakujem köszönöm спасибо дякую teşekkürler よろしく",
    "ありがとうございます 谢谢 謝謝 감사합니다 cordialement cdt bcdt salutations mvh vh atentamente",
)
#: The same of several words; each is one thing, and its words alone are not harmless.
PHRASES: Final = (
    *("thank you", "thank you very much", "many thanks", "thanks a lot", "thank you for asking", "by me"),
    *("thanks for asking", "thanks for taking care of this", "thanks for your help", "thanks for the info"),
    *("from me", "from my side", "from my end", "for me", "on my side", "as requested", "as asked"),
    *("as proposed", "go ahead and order it", "please go ahead and order it", "please order it"),
    *("please order", "please order them", "please buy it", "please proceed", "no problem", "all good"),
    *("no question", "no questions", "no further questions", "no more questions", "no objection"),
    *("no objections", "no objections from me", "no concerns", "have a nice day", "have a great day"),
    *("have a good day", "have a nice weekend", "have a great weekend", "see you tomorrow", "see you"),
    *("if you have questions call me", "if you have any questions call me", "best of luck"),
    *("if you have any questions let me know", "let me know if you have any questions", "that's fine"),
    *("please let me know if you have any questions", "if you have questions let me know"),
    *("vielen dank", "besten dank", "herzlichen dank", "vielen lieben dank", "danke schön", "danke sehr"),
    *("danke für die vorbereitung", "vielen dank für die vorbereitung", "danke für die info"),
    *(
        "danke dir",
        "danke euch",
        "danke für ihre mühe",
        "vielen dank für ihre mühe",
        "vielen dank für die info",
        "danke ihnen",
    ),
    *("für mich", "von mir", "von mir aus", "von meiner seite", "meinerseits", "wie gewünscht"),
    *("wie beantragt", "wie angefragt", "bitte bestellen", "bitte bestellen sie", "bitte bestelle es"),
    *("bitte veranlassen", "bitte umsetzen", "bitte ausführen", "kein problem", "keine einwände"),
    *("keine fragen", "keine weiteren fragen", "keine rückfragen", "keine bedenken", "schönen tag"),
    *("schönen tag noch", "schönes wochenende", "schönen abend", "viel erfolg", "bis morgen", "bis bald"),
    *("bei fragen gerne melden", "bei rückfragen gerne melden", "mit freundlichen grüßen", "viele grüße"),
    *("mit freundlichem gruß", "mit besten grüßen", "mit lieben grüßen", "beste grüße", "liebe grüße"),
    *("herzliche grüße", "freundliche grüße", "freundliche grüsse", "schöne grüße", "viele grüsse"),
    *("mit freundlichen grüssen", "mit freundlichen gruessen", "viele gruesse", "beste grüsse"),
    *("liebe grüsse", "herzliche grüsse", "schöne grüsse", "hochachtungsvoll", "yours sincerely"),
    *("yours truly", "yours faithfully", "kindest regards", "with kind regards", "many greetings"),
    *("merci beaucoup", "merci d'avance", "pour moi", "de mon côté", "comme demandé", "aucune objection"),
    *("pas d'objection", "pas de problème", "bonne journée", "bonne soirée", "bon week-end", "bien à vous"),
    *("bien à toi", "bien cordialement", "très cordialement", "sincères salutations", "un cordial saludo"),
    *("muchas gracias", "saludos cordiales", "cordiali saluti", "grazie mille", "muito obrigado"),
    *("met vriendelijke groet", "vriendelijke groeten", "med vänliga hälsningar", "med venlig hilsen"),
    *("med vennlig hilsen", "ystävällisin terveisin", "pozdrawiam", "z poważaniem", "с уважением"),
)
#: Below the name these say that more than a signature stands there.
AGAINST: Final = _each(
    "not never cannot without nothing none nobody neither nor false wrong dont doesnt didnt wont cant",
    "isnt shouldnt wouldnt couldnt havent nicht kein keine keinen keiner keinem keines nichts nie",
    "niemals niemand weder ohne falsch pas jamais sans rien aucun aucune nunca sin nada tampoco mai",
    "senza niente sem nem niet geen nooit zonder nigdy bez inte ej ikke aldrig aldri ingen utan uden",
    "uten ne nikdy nikoli není nu fără niciodată nélkül soha älä ilman nikada δεν δε μην χωρίς не",
    "нельзя никогда ничего без ніколи değil hiç asla yok",
    "wait stop hold cancel ignore disregard mistake withdraw retract revoke oops kidding joking instead",
    "rather wrongly accidentally undo halt stopp warte warten moment irrtum versehen versehentlich",
    "stattdessen scherz zurück annuler annulez attendez erreur esperen espere cancelar aspettate wacht",
    "cancelled canceled withdrawn revoked retracted stopped forget scratch strike thought thoughts mind",
    "changed reconsider hmm unsure uncertain doubt doubts discuss talk joke lol haha waiting awaiting",
    "vergiss vergessen lieber anders überlegt unsicher unklar zweifel besprechen abwarten oubliez",
    "olvide dimentichi vergissing vänta vent czekaj pomyłka počkejte omyl подождите ошибка",
    "lehne reject rejects refuse refuses remove strike leave except streichen entfernen weglassen",
    "genehmige approve ich mich je moi is are was were has have must should need needs ist sind war hat muss",
    "müssen soll sollen est sont doit faut just them these those fewer less enough nope nah nö weniger",
)
#: The same at the beginning of a line: signatures name days and hours.
LIMITING: Final = _each(
    "if when should wenn falls sollten si se als jeśli om hvis если",
    "but unless provided providing except only maybe perhaps probably however though although condition",
    "conditions conditional conditionally assuming subject pending partly partially principle sofern",
    "sobald aber außer ausser nur vielleicht vermutlich jedoch allerdings bedingung voraussetzung",
    "vorausgesetzt vorbehaltlich vorbehalt solange soweit teilweise grundsätzlich mais sauf seulement",
    "uniquement peut-être réserve pourvu partiellement pero salvo excepto solo sólo solamente quizás",
    "siempre condición parcialmente ma forse purché soltanto tranne però condizione mas talvez apenas",
    "somente porém maar mits tenzij misschien alleen indien voorwaarde ale jeżeli może tylko chyba pod",
    "warunkiem men bara endast bare kun dersom forudsat förutsatt jos mutta vain pokud jestli jen pouze",
    "ak iba pokiaľ ha csak dacă dar numai doar ako ali samo αν εάν αλλά μόνο но только лишь якщо але",
    "provisionally tentatively temporarily preliminary contingent excluding minus apart given vorläufig",
    "unverbindlich provisorisch abzüglich ausgenommen provisoirement provisionalmente voorlopig",
    "лише тільки eğer ama fakat ancak sadece yalnızca şartıyla",
    "until once before after first second one two three half part rest some up most maximum max below",
    "under less later tomorrow yet still almost would could might bis erst zuerst unter höchstens",
    "maximal später morgen noch würde könnte zwei drei halb hälfte bevor nachdem nachher quand jusque",
    "jusqu demain après avant cuando hasta después mañana quando dopo prima domani wanneer tot når när",
    "když keď kdy когда после потом завтра deux dos due dois",
)
