"""Names of the well-known folders, as Outlook shows them in each language."""

WELL_KNOWN = (
    "inbox", "drafts", "sentitems", "deleteditems", "junkemail", "outbox", "archive", "conversationhistory",
)  # fmt: skip
HIDDEN_ROOTS = {
    "recoverableitemsroot": "Recoverable Items",
    "recoverableitemsdeletions": "Deletions",
    "recoverableitemspurges": "Purges",
}
_NAMES = {
    "en": ("Inbox", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Outbox", "Archive",
           "Conversation History"),
    "de": ("Posteingang", "Entwürfe", "Gesendete Elemente", "Gelöschte Elemente", "Junk-E-Mail", "Postausgang",
           "Archiv", "Unterhaltungsverlauf"),
    "fr": ("Boîte de réception", "Brouillons", "Éléments envoyés", "Éléments supprimés", "Courrier indésirable",
           "Boîte d’envoi", "Archive", "Historique des conversations"),
    "es": ("Bandeja de entrada", "Borradores", "Elementos enviados", "Elementos eliminados", "Correo no deseado",
           "Bandeja de salida", "Archivo", "Historial de conversaciones"),
    "it": ("Posta in arrivo", "Bozze", "Posta inviata", "Posta eliminata", "Posta indesiderata", "Posta in uscita",
           "Archivio", "Cronologia conversazioni"),
    "nl": ("Postvak IN", "Concepten", "Verzonden items", "Verwijderde items", "Ongewenste e-mail", "Postvak UIT",
           "Archief", "Gespreksgeschiedenis"),
    "pl": ("Skrzynka odbiorcza", "Wersje robocze", "Elementy wysłane", "Elementy usunięte", "Wiadomości-śmieci",
           "Skrzynka nadawcza", "Archiwum", "Historia konwersacji"),
    "ja": ("受信トレイ", "下書き", "送信済みアイテム", "削除済みアイテム", "迷惑メール", "送信トレイ", "アーカイブ",
           "会話の履歴"),
}  # fmt: skip


def localised(well_known: str, locale: str) -> str:
    """Name a well-known folder in the language of the locale; English when it is not one of ours."""
    names = _NAMES.get(locale.split("-")[0].lower(), _NAMES["en"])
    return names[WELL_KNOWN.index(well_known)]
