"""How the control interface refuses."""


class ControlError(Exception):
    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status
