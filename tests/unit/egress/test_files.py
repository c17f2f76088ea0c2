"""What stands in the egress's folder may be odd: that stops no payment that was made, and what is put right counts at once."""

from __future__ import annotations

from pathlib import Path

from broker.egress.account_file import read_shops
from broker.egress.registry import Registry
from broker.egress.spent import Spent
from broker.egress.taught import FILE, write_taught
from broker.protocol.egress import EgressOutcome
from tests.unit.egress.stand import Stand
from tests.unit.egress.values import arm, decision, taught


def test_what_was_taught_counts_again_when_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_taught(tmp_path, (taught(),))
    (tmp_path / FILE).chmod(0o666)
    registry = Registry(tmp_path, sandbox=True)
    assert taught().id not in registry.ids()
    (tmp_path / FILE).chmod(0o600)
    assert taught().id in registry.ids()
    (tmp_path / FILE).chmod(0o666)
    assert taught().id not in registry.ids()


def test_what_others_left_among_the_spent_decisions_stops_no_start(tmp_path: Path) -> None:
    spent = Spent(tmp_path, 0)
    assert spent.claim(b"a", 10)
    for name in (".nfs0001", "note.txt", "²"):
        (tmp_path / "spent" / name).touch()
    assert not Spent(tmp_path, 5).claim(b"a", 10)
    assert Spent(tmp_path, 11).claim(b"a", 10)


async def test_an_account_that_cannot_be_kept_does_not_cost_the_page_its_answer(stand: Stand) -> None:
    (stand.settings.folder / "accounts.lock").mkdir()
    answered = await stand.paid()
    assert answered.body == b'{"id":"tok_1"}'
    assert read_shops(stand.settings.folder) == {}


async def test_a_decision_that_cannot_be_written_down_is_not_armed_and_costs_no_other(stand: Stand) -> None:
    other = await stand.arm()
    spent = stand.settings.folder / "spent"
    spent.rename(spent.with_name("gone"))
    agreed = decision(stand.public_key, stand.clock.now, release_id="rel_other")
    assert await stand.refused_arm(arm(agreed, stand.public_key)) == "busy"
    assert (await stand.send(other)).outcome is EgressOutcome.SWAPPED
