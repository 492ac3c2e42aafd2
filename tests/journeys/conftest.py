from tests.journeys.fixtures import (
    connected,
    control,
    customer,
    sandbox,
    submission,
    submission_server,
)

__all__ = ["connected", "control", "customer", "sandbox", "submission", "submission_server"]
