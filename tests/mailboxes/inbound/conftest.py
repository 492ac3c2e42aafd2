from tests.journeys.fixtures import connected, control, customer, sandbox

__all__ = ["connected", "control", "customer", "sandbox"]
