from m365integration.admin import customers

__all__ = ["customers"]
