"""The exception for wrong user input; which exceptions are torch's for want of memory."""

# Torch has an exception of its own for CUDA only; on other devices it raises RuntimeError.
_OUT_OF_MEMORY = ("DefaultCPUAllocator: can't allocate memory", "MPS backend out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception is torch's for want of memory; does not import torch."""
    return type(error).__name__ == "OutOfMemoryError" or any(
        message in str(error) for message in _OUT_OF_MEMORY
    )


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
