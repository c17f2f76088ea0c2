"""The README's Quick Start: the vendor's own commands, and they run."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from broker.demo.browser import Look
from broker.demo.owner import Owner, complete_kyc
from broker.demo.stage import Stage
from broker.issuer.admin import create_setup_link

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE_IDS = {"user_abc123": "user", "agent_xyz789": "agent", "card_def456": "card"}


def commands(markdown: str) -> list[str]:
    """The curl commands of the section Quick Start."""
    section = markdown.split("## Quick Start", 1)[1].split("\n## ", 1)[0]
    return [block.strip() for block in re.findall(r"```bash\n(curl .*?)```", section, re.DOTALL)]


def seed_commands(text: str) -> list[str]:
    """The curl commands of the vendor's page, as it came."""
    return [match.strip() for match in re.findall(r"^curl .*?^  }'$", text, re.DOTALL | re.MULTILINE)]


def as_the_seed_has_it(command: str) -> str:
    """Undo the replacements that are allowed: certificate, base URL and the obfuscated e-mail."""
    command = command.replace("curl --cacert ca.crt ", "curl ").replace("https://localhost:8443/", "https://api.ledger.so/")
    return re.sub(r'"email": "[^"]*"', '"email": "…"', command)


def _run(command: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_readme_shows_the_seeds_own_commands(shared_file: Callable[[str], Path]) -> None:
    seed = seed_commands(shared_file("seed-quickstart.txt").read_text())
    assert len(seed) == 4
    assert [as_the_seed_has_it(c) for c in commands((ROOT / "README.md").read_text())] == [as_the_seed_has_it(c) for c in seed]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, Look()) as stage:
        stage.make_certificates()
        await stage.start_issuer()
        yield stage


async def test_the_commands_run_in_order_against_a_real_ledgeros(stage: Stage) -> None:
    url = stage.state.issuer_endpoints()["publicUrl"]
    (stage.folder / "ca.crt").write_bytes(stage.state.pki.ca_file.read_bytes())
    async with Owner(url, stage.state.pki.ca_file) as owner:
        await owner.sign_up(create_setup_link(stage.state.path))
        key = await owner.create_key("backend", "quick start")
    known: dict[str, str] = {}
    answers: list[dict[str, Any]] = []
    for command, noun in zip(commands((ROOT / "README.md").read_text()), ("user", "agent", "card", "details"), strict=True):
        text = command.replace("https://localhost:8443", url).replace("lk_test_your_api_key", key)
        for example, earlier in EXAMPLE_IDS.items():
            text = text.replace(example, known.get(earlier, example))
        answer = await asyncio.to_thread(_run, text, stage.folder)
        answers.append(answer)
        known[noun] = answer.get("id", "")
        if "applicationCompletionLink" in answer:
            await complete_kyc(answer["applicationCompletionLink"], stage.state.pki.ca_file)
    user, agent, card, details = answers
    assert list(user) == ["id", "firstName", "lastName", "email", "applicationStatus", "applicationCompletionLink"]
    assert (user["applicationStatus"], user["email"]) == ("pending", "john.doe@example.com")
    assert {**agent, "id": None} == {
        **agent,
        "id": None,
        "userId": user["id"],
        "name": "checkout-bot",
        "status": "active",
        "currentSpend": 0,
    }
    assert (agent["spendingLimit"], agent["spendingLimitFrequency"]) == (50000, "perMonth")
    assert list(card)[:8] == ["id", "agentId", "userId", "status", "last4", "purpose", "type", "maxAmount"]
    assert (card["agentId"], card["userId"], card["status"], card["maxAmount"]) == (agent["id"], user["id"], "active", 10000)
    assert list(details) == ["accessEventId", "exposureMode", "detailsToken", "tokenExpiresAt", "last4"]
    assert (details["exposureMode"], details["last4"]) == ("extensionOnly", card["last4"])
    assert details["detailsToken"].startswith("tok_")
