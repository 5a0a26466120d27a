"""The one exception that means: the user's input is wrong, and here is where."""


class UserError(Exception):
    """One fault of the user's input, said in one sentence with its place and a hint.

    Several are raised together as an `ExceptionGroup`, so that a file is mended in one go.
    """

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence} {self.hint}" if self.hint else sentence
