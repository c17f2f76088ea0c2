"""An agent's configuration file: private, complete, and never echoed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from broker.client import Configuration, ConfigurationError

MEMBERS = {
    "ledgerUrl": "https://localhost:1", "brokerUrl": "https://localhost:2", "caFile": "ca.crt", "agentToken": "at_test_SECRET",
    "brokerCredential": "bt_SECRET",
}  # fmt: skip


def written(folder: Path, text: str, name: str = "agent.json", mode: int = 0o600) -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    toml = "\n".join(f'{name} = "{value}"' for name, value in MEMBERS.items())
    from_json = Configuration.read(written(tmp_path, json.dumps(MEMBERS)))
    assert from_json == Configuration.read(written(tmp_path, toml, "agent.toml"))
    assert from_json.ca_file == tmp_path / "ca.crt"
    assert "SECRET" not in repr(from_json)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"agentToken": "SECRET"', "is not JSON"),
        ('["SECRET"]', "not one JSON object"),
        (json.dumps({**MEMBERS, "agentToken": 7}), "agentToken must be text"),
        (json.dumps({**MEMBERS, "agent_token": "SECRET"}), "'agent_token' is unknown"),
        (json.dumps({"agentToken": "SECRET"}), "brokerCredential is missing"),
    ],
)
def test_a_fault_is_named_without_the_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Configuration.read(written(tmp_path, text))
    assert said in str(error.value)
    assert "SECRET" not in str(error.value)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Configuration.read(written(tmp_path, json.dumps(MEMBERS), mode=0o640))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Configuration.read(tmp_path / "none.json")
