from django.urls import path

from tenants import views

app_name = "tenants"
urlpatterns = [
    path("oauth/callback/", views.callback, name="callback"),
    path("consent/done/", views.consent_done, name="consent_done"),
    path("consent/<str:token>/", views.consent_link, name="consent_link"),
    path("oauth/staff/", views.staff_callback, name="staff_callback"),
    path("oauth/staff/start/", views.staff_start, name="staff_start"),
]
