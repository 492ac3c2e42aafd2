from django.urls import path

from tickets import mail_pages, views

app_name = "tickets"
urlpatterns = [
    path("tickets/entries/<int:pk>/html/", views.entry_html, name="entry_html"),
    path("tickets/attachments/<int:pk>/", views.attachment, name="attachment"),
    path("tickets/attachments/<int:pk>/mail/", mail_pages.attached_mail, name="attached_mail"),
    path("tickets/attachments/<int:pk>/mail/html/", mail_pages.attached_mail_html, name="attached_mail_html"),
    path("tickets/attachments/<int:pk>/mail/file/", mail_pages.attached_mail_file, name="attached_mail_file"),
    path("tickets/attachments/<int:pk>/preview/", views.preview, name="preview"),
]
