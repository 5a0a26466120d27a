"""The exception for wrong user input."""


class UserError(Exception):
    """One fault of the user's input: where it is, what is wrong, and a hint.

    Several are raised together as an `ExceptionGroup`, so that a file is corrected in one go.
    """

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence} {self.hint}" if self.hint else sentence
