"""The walls between tenants in the admin; the exhaustive matrix is a matter of the whole desk."""

import pytest
from django.urls import reverse

from tenants.models import AppRegistration, Membership
from tests.factories import AppRegistrationFactory, MembershipFactory, QueueFactory, UserFactory
from tests.tenants.admin.conftest import Desk, signed_in

LIST = "admin:tenants_appregistration_changelist"
CHANGE = "admin:tenants_appregistration_change"


def test_lists_show_an_admin_the_rows_of_his_tenants_only(desk: Desk) -> None:
    page = signed_in(desk.admin).get(reverse(LIST)).content.decode()

    assert desk.registration.client_id in page
    assert desk.foreign.client_id not in page
    assert "Fabrikam" not in page  # S-05: neither does the filter


@pytest.mark.parametrize("view", ["change", "delete", "history"])
def test_a_foreign_row_answers_like_a_missing_one(desk: Desk, view: str) -> None:
    """S-02."""
    client = signed_in(desk.admin)
    foreign, missing = (
        client.get(reverse(f"admin:tenants_appregistration_{view}", args=[pk]))
        for pk in (desk.foreign.pk, 987654)
    )

    assert (foreign.status_code, foreign.headers["Location"]) == (302, "/admin/")
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_registrations_are_closed_to_agents_and_viewers(desk: Desk, role: str) -> None:
    client = signed_in(getattr(desk, role))

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse(CHANGE, args=[desk.registration.pk])).status_code in {302, 403}


def test_staff_without_a_membership_signs_in_and_sees_nothing(desk: Desk) -> None:
    client = signed_in(UserFactory(username="newcomer"))

    assert client.get("/admin/").status_code == 200
    assert client.get(reverse(LIST)).status_code == 403


def test_operator_sees_every_tenant(desk: Desk) -> None:
    page = signed_in(desk.operator).get(reverse(LIST)).content.decode()

    assert desk.registration.client_id in page
    assert desk.foreign.client_id in page


def test_a_posted_foreign_tenant_is_refused_and_nothing_is_saved(desk: Desk) -> None:
    """S-04."""
    form = {"tenant": desk.theirs.pk, "name": "Intruder", "client_id": desk.registration.client_id}
    answer = signed_in(desk.admin).post(reverse("admin:tenants_appregistration_add"), form | formsets())

    assert answer.status_code == 200
    assert not AppRegistration.objects.filter(name="Intruder").exists()


def test_a_row_never_moves_to_another_tenant(desk: Desk) -> None:
    url = reverse(CHANGE, args=[desk.registration.pk])
    form = {"tenant": desk.theirs.pk, "name": "Renamed", "client_id": desk.registration.client_id}
    answer = signed_in(desk.operator).post(url, form | formsets())

    desk.registration.refresh_from_db()
    assert (answer.status_code, desk.registration.name) == (400, "Helpdesk")
    assert desk.registration.tenant == desk.ours


@pytest.mark.parametrize(
    "question",
    [
        "credentials__secret__material__startswith=a",
        "tenant__name__startswith=F",
        "client_id__regex=^0",
        "mailboxes__trouble__code=x",
    ],
)
def test_lookups_the_page_did_not_offer_are_refused(desk: Desk, question: str) -> None:
    """S-11."""
    assert signed_in(desk.admin).get(f"{reverse(LIST)}?{question}").status_code == 400


def test_deleting_selected_rows_ignores_foreign_ones(desk: Desk) -> None:
    """S-08."""
    form = {
        "action": "delete_selected",
        "_selected_action": [desk.foreign.pk],
        "post": "yes",
        "select_across": 1,
    }
    signed_in(desk.admin).post(reverse(LIST), form)

    assert AppRegistration.objects.filter(pk=desk.foreign.pk).exists()


def test_the_redirect_by_content_type_is_closed(desk: Desk) -> None:
    client = signed_in(desk.operator)

    assert client.get(f"/admin/r/1/{desk.foreign.pk}/").status_code == 404


@pytest.mark.parametrize(
    "question",
    [
        "app_label=mailboxes&model_name=mailbox&field_name=registration",
        "app_label=tenants&model_name=membership&field_name=user",
        "app_label=tenants&model_name=membership&field_name=tenant",
    ],
)
def test_autocompletion_names_nothing_out_of_reach(desk: Desk, question: str) -> None:
    """S-07."""
    answer = signed_in(desk.admin).get(f"{reverse('admin:autocomplete')}?{question}&term=")

    names = [row["text"] for row in answer.json().get("results", [])] if answer.status_code == 200 else []
    assert answer.status_code in {200, 403}
    assert not {"Fabrikam", "stranger"} & set(names)
    assert len(names) <= 1


def test_passwords_of_others_are_set_by_the_operator_alone(desk: Desk) -> None:
    """S-02, S-13."""
    url = reverse("admin:auth_user_password_change", args=[desk.operator.pk])
    before = desk.operator.password
    answer = signed_in(desk.admin).post(url, {"password1": "stolen-Pass-12", "password2": "stolen-Pass-12"})

    desk.operator.refresh_from_db()
    assert answer.status_code == 403
    assert desk.operator.password == before


def test_accounts_are_the_operators_alone(desk: Desk) -> None:
    """S-13."""
    url = reverse("admin:auth_user_change", args=[desk.admin.pk])
    answer = signed_in(desk.admin).post(url, {"username": "admin", "is_superuser": "on"})

    desk.admin.refresh_from_db()
    assert answer.status_code in {302, 403}
    assert not desk.admin.is_superuser
    assert signed_in(desk.operator).get(url).status_code == 200


def test_an_admin_gives_roles_in_his_own_tenants_only(desk: Desk) -> None:
    url = reverse("admin:tenants_membership_add")
    client = signed_in(desk.admin)
    client.post(url, {"tenant": desk.theirs.pk, "user": desk.admin.pk, "role": "admin"})

    page = client.get(url).content.decode()
    assert not Membership.objects.filter(tenant=desk.theirs, user=desk.admin).exists()
    assert "stranger" not in page


def test_lists_take_a_constant_number_of_queries(desk: Desk, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for number in range(30):
        AppRegistrationFactory(tenant=desk.ours, name=f"Number {number}")
    client = signed_in(desk.admin)

    with django_assert_max_num_queries(16):
        client.get(reverse(LIST))


def test_an_admin_of_one_tenant_finds_it_chosen(desk: Desk) -> None:
    form = signed_in(desk.admin).get(reverse("admin:tickets_queue_add")).context["adminform"].form

    assert form.get_initial_for_field(form.fields["tenant"], "tenant") == desk.ours.pk


def test_a_page_asked_for_one_tenant_offers_that_tenant_alone(desk: Desk) -> None:
    url = reverse("admin:tenants_appregistration_add")
    shown = signed_in(desk.operator).get(url, {"tenant": desk.theirs.pk}).context["adminform"].form
    assert list(shown.fields["tenant"].queryset) == [desk.theirs]


def test_rows_of_several_tenants_are_offered_with_their_tenant(desk: Desk) -> None:
    page = signed_in(desk.operator).get(reverse("admin:mailboxes_mailbox_add")).content.decode()

    assert "Helpdesk · Contoso" in page
    assert "Helpdesk · Fabrikam" in page


def formsets() -> dict[str, int]:
    """Give the management forms of the registration's two empty inlines."""
    names = ("credentials", "credentials-2")
    return {f"{name}-{part}": 0 for name in names for part in ("TOTAL_FORMS", "INITIAL_FORMS")}


def test_members_are_listed_with_the_queues_they_are_limited_to(desk: Desk) -> None:
    for name, queues in (("narrow", [QueueFactory(tenant=desk.ours, name="Accounts")]), ("lost", [])):
        member = MembershipFactory(tenant=desk.ours, user__username=name, is_limited=True)
        member.queues.set(queues)
    page = signed_in(desk.admin).get(reverse("admin:tenants_membership_changelist"))
    reach = {
        row.user.username: page.context["cl"].model_admin.reach(row) for row in page.context["cl"].result_list
    }
    assert (reach["narrow"], reach["lost"], reach["agent"]) == ("Accounts", "none", "all")


def test_showing_all_is_offered_only_where_something_is_left_out(desk: Desk) -> None:
    client = signed_in(desk.admin)
    address = reverse("admin:tenants_membership_changelist")
    assert "Show all" not in client.get(address).content.decode()
    assert "Show all" in client.get(address, {"role__exact": "agent"}).content.decode()
    assert "Show all" in client.get(address, {"q": "nobody"}).content.decode()
