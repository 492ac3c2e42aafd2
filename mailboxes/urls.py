from django.urls import path

from mailboxes import sign_in_views, views

app_name = "mailboxes"
urlpatterns = [
    path("mailboxes/ledger/<int:pk>/original/", views.raw_mail, name="raw_mail"),
    path("calendar/<str:token>.ics", views.calendar_of_expiries, name="calendar"),
    path("mailboxes/<int:pk>/sign-in/", sign_in_views.sign_in, name="sign_in"),
    path("mailboxes/<int:pk>/device-code/", sign_in_views.device_code, name="device_code"),
]
