"""A hijacked broker, or another process on the machine, tries to get more out of the egress than one approved payment."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.egress.app import running
from broker.egress.client import EgressClient
from broker.egress.frames import read_frame
from broker.egress.keys import load_or_make
from broker.egress.taught import FILE, read_taught, write_taught
from broker.protocol.egress import Arm, Armed, AskCoverage, EgressOutcome
from broker.protocol.surrogate import Surrogate
from tests.unit.egress.stand import Stand, standing
from tests.unit.egress.values import (
    REAL,
    SHOP,
    SURROGATE,
    SURROGATE_CODE,
    ManualClock,
    arm,
    credentials,
    decision,
    new_key,
    number_of_test_bin,
    taught,
)  # fmt: skip


async def test_credentials_open_under_the_very_decision_that_was_signed_and_no_other(stand: Stand) -> None:
    agreed = decision(stand.public_key, stand.clock.now)
    honest = arm(agreed, stand.public_key)
    changes: list[dict[str, Any]] = [
        {"release_id": "rel_9"}, {"max_amount": 9_999}, {"card_id": "card_2"}, {"nonce": "BB"}, {"expires_at": agreed.expires_at + 1},
        {"seen": agreed.seen.model_copy(update={"origin": "https://evil.example"})},
    ]  # fmt: skip
    for change in changes:
        altered = honest.model_copy(update={"decision": agreed.model_copy(update=change)})
        assert await stand.refused_arm(altered) == "bad_seal"
    assert (await stand.client.health()).armed == 0


async def test_only_surrogate_decisions_for_this_key_that_have_not_ended_are_armed(stand: Stand) -> None:
    agreed = decision(stand.public_key, stand.clock.now)
    assert await stand.refused_arm(arm(agreed.model_copy(update={"mode": "direct"}), stand.public_key)) == "wrong_mode"
    other = new_key().public_key().public_bytes_raw()
    assert await stand.refused_arm(arm(agreed, other)) == "wrong_key"
    assert await stand.refused_arm(arm(decision(other, stand.clock.now), stand.public_key)) == "wrong_key"
    assert await stand.refused_arm(arm(decision(stand.public_key, stand.clock.now, life_ms=0), stand.public_key)) == "expired"


async def test_a_surrogate_that_is_the_number_itself_or_of_another_card_is_refused(stand: Stand) -> None:
    agreed = decision(stand.public_key, stand.clock.now)
    honest = arm(agreed, stand.public_key)
    other_bin = "4000056655665556"
    for number, code in ((REAL, SURROGATE_CODE), (other_bin, SURROGATE_CODE), (SURROGATE, "1234")):
        lying = honest.model_copy(update={"surrogate": Surrogate(number=number, security_code=code)})
        assert await stand.refused_arm(lying) == "wrong_surrogate"
    assert isinstance(await stand.client.arm(honest), Armed)


def test_a_surrogate_is_a_valid_number() -> None:
    with pytest.raises(ValidationError):
        Surrogate(number=SURROGATE[:-1] + "9", security_code="123")


async def test_a_decision_is_armed_once(stand: Stand) -> None:
    agreed = decision(stand.public_key, stand.clock.now)
    message = arm(agreed, stand.public_key)
    await stand.client.arm(message)
    assert await stand.refused_arm(message) == "already_used"
    assert (await stand.send("rel_1")).outcome is EgressOutcome.SWAPPED
    assert await stand.refused_arm(message) == "already_used"
    assert await stand.refused_arm(arm(agreed, stand.public_key, credentials(number_of_test_bin("11111")))) == "already_used"


async def test_what_was_disarmed_unused_may_be_armed_again(stand: Stand) -> None:
    message = arm(decision(stand.public_key, stand.clock.now), stand.public_key)
    await stand.client.arm(message)
    assert await stand.client.disarm("rel_1")
    await stand.client.arm(message)
    assert (await stand.send("rel_1")).outcome is EgressOutcome.SWAPPED


async def test_a_broker_that_disconnects_leaves_nothing_armed(stand: Stand) -> None:
    other = await EgressClient.connect(stand.settings.socket, os.getuid())
    await other.arm(arm(decision(stand.public_key, stand.clock.now), stand.public_key))
    assert (await stand.client.health()).armed == 1
    await other.close()
    for _ in range(500):
        if not (await stand.client.health()).armed:
            break
        await asyncio.sleep(0.01)
    assert (await stand.send("rel_1")).outcome is EgressOutcome.EXPIRED


@pytest.mark.parametrize("origin", ["https://[", "https://[1]", "https://]", "https://[::1", "https://a..b:99999999"])
async def test_an_origin_that_is_none_costs_no_other_release_its_egress(stand: Stand, origin: str) -> None:
    """A browser's worker says these, and whoever rules that browser rules it."""
    other = await stand.arm()
    assert (await stand.client.coverage(AskCoverage(request_id="1", origin=origin, frame_origins=()))).verdict == "unknown"
    assert (await stand.client.coverage(AskCoverage(request_id="2", origin=SHOP, frame_origins=(origin,)))).verdict == "covered"
    release = await stand.arm(frames=(origin,))
    assert (await stand.send(release, frame_origin=origin)).outcome is EgressOutcome.ORIGIN_MISMATCH
    assert (await stand.send(other)).outcome is EgressOutcome.SWAPPED


async def test_too_many_armed_releases_are_refused(tmp_path: Path) -> None:
    async with standing(tmp_path, armed=2) as stand:
        await stand.arm()
        await stand.arm()
        agreed = decision(stand.public_key, stand.clock.now, release_id="rel_3")
        assert await stand.refused_arm(arm(agreed, stand.public_key)) == "busy"


async def test_nonsense_on_the_socket_is_answered_or_cut_off_and_others_are_served(stand: Stand) -> None:
    for data, answered in (
        (struct.pack("<I", 2) + b"{}", True), (struct.pack("<I", 2) + b"[]", True), (struct.pack("<I", 0xFFFFFFFF), False),
        (struct.pack("<I", 4) + b"\xff\xff\xff\xff", False), (struct.pack("<I", 200_000) + b"[" * 200_000, False),
    ):  # fmt: skip
        reader, writer = await asyncio.open_unix_connection(stand.settings.socket)
        writer.write(data)
        answer = await read_frame(reader)
        assert (answer is not None) is answered
        writer.close()
        await writer.wait_closed()
    await stand.paid()


async def test_a_process_of_another_user_is_cut_off(tmp_path: Path, stand: Stand) -> None:
    settings = stand.settings.model_copy(
        update={"folder": tmp_path / "other", "socket": tmp_path / "other-run" / "s", "broker_uid": os.getuid() + 1}
    )
    async with running(settings, ManualClock()):
        reader, writer = await asyncio.open_unix_connection(settings.socket)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    with pytest.raises(LedgerError, match="another user"):
        await EgressClient.connect(stand.settings.socket, os.getuid() + 1)


async def test_a_socket_folder_or_key_or_taught_file_that_others_could_touch_stops_the_start(tmp_path: Path, stand: Stand) -> None:
    folder = tmp_path / "loose"
    settings = stand.settings.model_copy(update={"folder": folder, "socket": tmp_path / "loose-run" / "s"})
    settings.socket.parent.mkdir()
    settings.socket.parent.chmod(0o777)
    with pytest.raises(LedgerError, match="socket folder"):
        await running(settings, ManualClock()).__aenter__()
    (folder / FILE).write_text("[]")
    (folder / FILE).chmod(0o666)
    with pytest.raises(LedgerError, match="writable by others"):
        await running(settings, ManualClock()).__aenter__()
    (folder / "egress.key").chmod(0o644)
    with pytest.raises(LedgerError, match="Other users"):
        load_or_make(folder)


async def test_what_a_person_taught_counts_on_that_persons_page_only(stand: Stand) -> None:
    url = stand.merchant.url("shop.localhost", "/buy")
    assert (await stand.send(await stand.arm(), url)).outcome is EgressOutcome.NOT_REGISTERED
    write_taught(stand.settings.folder, (taught(),))
    assert read_taught(stand.settings.folder) == (taught(),)
    await stand.paid(url)
    write_taught(stand.settings.folder, (taught(origin="https://other.example"),))
    assert (await stand.send(await stand.arm(), url)).outcome is EgressOutcome.NOT_REGISTERED
    (stand.settings.folder / FILE).write_text(json.dumps([{"id": "x"}]))
    assert (await stand.send(await stand.arm(), url)).outcome is EgressOutcome.NOT_REGISTERED


async def test_a_destination_hidden_behind_many_is_not_paid_at(stand: Stand) -> None:
    url = stand.merchant.url("shop.localhost", "/buy")
    named = tuple(taught(host=f"pay{n}.example").model_copy(update={"id": f"taught-{n}", "confirmed_at": 2_000 + n}) for n in range(20))
    hidden = taught().model_copy(update={"id": "taught-hidden", "confirmed_at": 1_000})
    write_taught(stand.settings.folder, (*named, hidden))
    told = (await stand.client.coverage(AskCoverage(request_id="1", origin=SHOP, frame_origins=()))).taught
    assert told is not None
    assert hidden.host not in told.hosts
    assert (await stand.send(await stand.arm(), url)).outcome is EgressOutcome.NOT_REGISTERED
    write_taught(stand.settings.folder, (*named[1:], hidden))
    await stand.paid(url)


def test_the_process_leaves_no_core_dump_and_lets_nobody_of_its_user_read_its_memory() -> None:
    code = (
        "import ctypes, os, resource; from broker.egress.hardening import harden; harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), 'SSLKEYLOGFILE' in os.environ)"
    )
    environment = {**os.environ, "SSLKEYLOGFILE": "keys.txt"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout
    assert said.split() == ["(0,", "0)", "0", "False"]
    # The negative control: an ordinary process is dumpable.
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 1


def test_a_message_for_the_egress_never_shows_what_it_seals() -> None:
    key = new_key()
    message = arm(decision(key.public_key().public_bytes_raw(), 1), key.public_key().public_bytes_raw())
    assert isinstance(message, Arm)
    assert REAL not in message.model_dump_json()
    assert REAL not in repr(message)
