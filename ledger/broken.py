"""Why a replay stops: the entry breaks a rule, or its time has not come."""


class Broken(ValueError):
    """The entry breaks a rule; ``rule`` is its stable code, the text says it in words."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


class Early(ValueError):
    """The entry is of a time that has not come yet; it may be looked at again later."""
