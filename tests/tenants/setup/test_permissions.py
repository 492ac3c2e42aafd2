"""From features to permissions: exactly what is needed, where the portal lists it, and what is too much."""

import pytest

from tenants.setup.permissions import Feature, Kind, compare, needed


def names(*features: Feature, kind: Kind = Kind.APPLICATION, is_shared: bool = False) -> set[str]:
    return {one.name for one in needed(features, kind=kind, is_shared=is_shared) if not one.is_optional}


@pytest.mark.parametrize(
    ("feature", "application", "delegated"),
    [
        (Feature.READ, {"Mail.Read"}, {"Mail.Read"}),
        (Feature.TIDY, {"Mail.ReadWrite"}, {"Mail.ReadWrite"}),
        (Feature.SEND, {"Mail.Send", "Mail.ReadWrite"}, {"Mail.Send", "Mail.ReadWrite"}),
        (Feature.IMAP, {"IMAP.AccessAsApp"}, {"IMAP.AccessAsUser.All"}),
        (Feature.POP, {"POP.AccessAsApp"}, {"POP.AccessAsUser.All"}),
        (Feature.SMTP, {"SMTP.SendAsApp"}, {"SMTP.Send"}),
    ],
)
def test_each_feature_needs_just_its_own(
    feature: Feature, application: set[str], delegated: set[str]
) -> None:
    """S0-6, S0-7, S0-8, S1-7, S1-9, S1-10, S2-8, S2-10, S3-4 to S3-9."""
    assert names(feature) == application
    assert names(feature, kind=Kind.DELEGATED) == delegated | {"User.Read", "offline_access"}


def test_shared_mailbox_asks_more_of_a_user_only() -> None:
    """S0-9, S0-10."""
    both = (Feature.TIDY, Feature.SEND)
    assert names(*both, kind=Kind.DELEGATED, is_shared=True) == {
        "User.Read",
        "offline_access",
        "Mail.ReadWrite.Shared",
        "Mail.Send.Shared",
    }
    assert names(*both, is_shared=True) == {"Mail.ReadWrite", "Mail.Send"}


def test_narrower_right_is_left_out_beside_the_wider() -> None:
    assert names(Feature.READ, Feature.TIDY) == {"Mail.ReadWrite"}


def test_nothing_switched_on_needs_nothing() -> None:
    assert needed([]) == ()


def test_optional_ones_are_named_as_such() -> None:
    """S1-14, S2-9."""
    found = needed([Feature.TIDY])
    assert [one.name for one in found if one.is_optional] == ["MailboxSettings.Read", "User.ReadBasic.All"]


def test_portal_tab_follows_the_resource() -> None:
    tabs = {one.name: one.tab for one in needed([Feature.TIDY, Feature.IMAP])}
    assert tabs["Mail.ReadWrite"] == "Microsoft Graph > Application permissions"
    assert tabs["IMAP.AccessAsApp"] == (
        "APIs my organization uses > Office 365 Exchange Online > Application permissions"
    )


def test_comparison_names_missing_superfluous_and_foreign() -> None:
    """S4-5."""
    found = compare(needed([Feature.SEND]), ["Mail.Send", "Calendars.ReadWrite", "full_access_as_app"])
    assert found.missing == ("Mail.ReadWrite",)
    assert found.superfluous == ("Calendars.ReadWrite",)
    assert found.foreign == ("full_access_as_app",)


def test_wider_right_counts_for_the_narrower() -> None:
    found = compare(needed([Feature.READ]), ["Mail.ReadWrite", "User.Read.All", "MailboxSettings.ReadWrite"])
    assert found == compare([], [])


@pytest.mark.parametrize("harmless", ["openid", "profile", "email", "offline_access", "User.Read"])
def test_rights_of_every_sign_in_are_never_too_much(harmless: str) -> None:
    assert compare(needed([Feature.IMAP], kind=Kind.DELEGATED), [harmless]).superfluous == ()
