"""Settings from the environment: what is wrong with one is said by its variable, without its value."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from broker.core.errors import LedgerError

_NAMED = re.compile(r'field "(\w+)"')


class EnvironmentSettings(BaseSettings):
    """Base of the servers' settings: ``<PREFIX><NAME>`` in the environment. Raises `LedgerError` for a value that cannot be used."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            problems = error.errors(include_input=False, include_url=False, include_context=False)
            wrong = {str(problem["loc"][0]): str(problem["msg"]) for problem in problems if problem["loc"]}
        except SettingsError as error:  # a value that should be JSON
            wrong = dict.fromkeys(_NAMED.findall(str(error)), "Input should be valid JSON")
        else:
            return
        raise self._unusable(wrong)

    @classmethod
    def _unusable(cls, wrong: dict[str, str]) -> LedgerError:
        prefix = cls.model_config["env_prefix"]
        said = "; ".join(f"{prefix}{name.upper()}: {why[:1].lower()}{why[1:]}" for name, why in wrong.items())
        return LedgerError(400, "bad_setting", f"A setting cannot be used. {said}.", "Correct it in the environment, or unset it.")
