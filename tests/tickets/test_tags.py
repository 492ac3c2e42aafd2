"""Tags of a tenant: each name once, however it is typed."""

from __future__ import annotations

import pytest

from tests.factories import TenantFactory
from tickets.models import Tag
from tickets.models.tag import MAX_TAGS, tag_names

pytestmark = pytest.mark.django_db


def test_names_are_kept_in_lower_case_and_once() -> None:
    assert tag_names(["VIP ", "vip", " ", "a,b", "Tür\n"]) == ["vip", "a b", "tür"]


def test_more_names_than_anybody_reads_are_left_out() -> None:
    assert len(tag_names(str(number) for number in range(99))) == MAX_TAGS


def test_tags_are_found_by_name_and_made_where_missing(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    tenant, other = TenantFactory(), TenantFactory()
    Tag.objects.create(tenant=other, name="vip")
    known = Tag.objects.create(tenant=tenant, name="vip")

    with django_assert_num_queries(3):
        tags = Tag.objects.named(["VIP", "billing"], tenant_id=tenant.pk)
    assert [(tag.tenant_id, tag.name) for tag in tags] == [(tenant.pk, "vip"), (tenant.pk, "billing")]
    assert tags[0] == known
    with django_assert_num_queries(1):
        assert Tag.objects.named(["billing"], tenant_id=tenant.pk) == tags[1:]
