"""A lock file has one holder, and a holder that dies lets go. (The Windows half has the same two calls and is not run here.)"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from broker.core.file_lock import try_lock, wait_lock

HOLD = """
import sys
from broker.core.file_lock import wait_lock
file = open(sys.argv[1], "w")
wait_lock(file)
print("held", flush=True)
input()
"""


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with path.open("w") as first, path.open("w") as second:
        assert try_lock(first)
        assert not try_lock(second)
        first.close()
        assert try_lock(second)


def test_a_waiting_holder_gets_it_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with path.open("w") as first, path.open("w") as second:
        wait_lock(first)
        waiting = threading.Thread(target=wait_lock, args=(second,))
        waiting.start()
        assert waiting.is_alive()
        first.close()
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with path.open("w") as file:
        assert not try_lock(file)
        holder.kill()
        holder.communicate()
        assert try_lock(file)
