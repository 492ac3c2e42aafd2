from tenants.admin import accounts, alerts, audit_list, customers, members, registrations

__all__ = ["accounts", "alerts", "audit_list", "customers", "members", "registrations"]
