"""One process that starts the parts of an installation, restarts what dies and ends them all."""

from m365integration.supervisor.parts import Part
from m365integration.supervisor.supervise import AlreadyRunning, Supervisor

__all__ = ["AlreadyRunning", "Part", "Supervisor"]
