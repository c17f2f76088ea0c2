"""One error type that every door turns into an answer: what was wrong, and what to do next."""

from __future__ import annotations


class LedgerError(Exception):
    """A refusal with words for the caller.

    `code` is stable and machine-readable, `message` is one sentence, `hint` says what to do next.
    None of them may carry a secret or echo input.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str | None = None,
        *,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.retry_after_ms = retry_after_ms

    def body(self) -> dict[str, str | int]:
        """The JSON body of the contract (`error`), with `code` and `hint` beside it."""
        if self.retry_after_ms is not None:
            return {"error": self.message, "retryAfter": self.retry_after_ms}
        body: dict[str, str | int] = {"error": self.message, "code": self.code}
        if self.hint:
            body["hint"] = self.hint
        return body
