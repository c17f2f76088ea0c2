"""What a call of the client can raise."""

from __future__ import annotations


class AgentError(Exception):
    """The server refused. `code` is stable, `message` says what was wrong, `next_step` what to do; `status` is HTTP's.

    `retry_after_ms` is set when waiting helps (429).
    """

    def __init__(self, status: int, code: str, message: str, next_step: str | None, retry_after_ms: int | None = None) -> None:
        super().__init__(f"{message} {next_step}" if next_step else message)
        self.status = status
        self.code = code
        self.message = message
        self.next_step = next_step
        self.retry_after_ms = retry_after_ms


class UnreachableError(AgentError):
    """No answer, or one that is not the API's. Whether the call took effect is unknown."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(0, "unreachable", message, next_step)
