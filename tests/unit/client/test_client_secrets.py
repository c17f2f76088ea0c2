"""The client's objects and errors never show a token or credential."""

from __future__ import annotations

import pytest

from broker.client import AgentClient, AgentError, BrokerClient, CardDetails, LedgerClient, SyncAgentClient
from broker.pki.files import PkiFolder

SECRET = "bt_" + "S" * 43


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = PkiFolder(tmp_path_factory.mktemp("pki"))
    folder.initialise("brk_1", "host_1")
    return str(folder.ca_file)


def test_reprs_show_addresses_only(ca_file: str) -> None:
    ledger = LedgerClient("https://localhost:1", SECRET, ca_file)
    broker = BrokerClient("https://localhost:2", SECRET, ca_file)
    with SyncAgentClient("https://localhost:1", SECRET, "https://localhost:2", SECRET, ca_file) as sync:
        shown = [repr(ledger), repr(broker), repr(AgentClient(ledger, broker)), repr(sync), repr(CardDetails("evt_1", SECRET, 1, "4242"))]
    assert "https://localhost:1" in shown[0]
    assert all(SECRET not in text for text in shown)


def test_plain_http_is_refused(ca_file: str) -> None:
    with pytest.raises(ValueError, match="https"):
        BrokerClient("http://localhost:1", SECRET, ca_file)


def test_an_unreachable_server_says_so_and_what_to_do(ca_file: str, unused_tcp_port: int) -> None:
    url = f"https://localhost:{unused_tcp_port}"
    with SyncAgentClient(url, SECRET, url, SECRET, ca_file) as agent, pytest.raises(AgentError, match="cannot be reached") as error:
        agent.release("card_1", summary="Paper", page_url="https://shop.example/pay")
    assert error.value.next_step is not None
    assert SECRET not in str(error.value)
