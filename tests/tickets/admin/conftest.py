from tests.tenants.admin.conftest import desk

__all__ = ["desk"]
