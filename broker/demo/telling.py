"""The demo from beginning to end: told on a console, with two measured lines at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from broker.demo.browser import Look, require_display, sandboxed
from broker.demo.measured import NotMeasuredError
from broker.demo.plan import Plan
from broker.demo.stage import Stage, new_run_folder
from broker.demo.story import Story
from broker.demo.tale import StepFailedError, Tale
from broker.install.layout import clone_root
from broker.issuer.admin import read_events
from broker.terminal import events_table

_EVENTS_SHOWN = 40
_WIDTH_WITHOUT_TERMINAL = 160

After = Callable[[Story], Awaitable[None]]


def tell(look: Look, plan: Plan, after: After | None = None) -> int:
    """Run the demo; its exit status. `after` runs while everything is still up."""
    require_display(look)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WITHOUT_TERMINAL
    return asyncio.run(_tell(look, plan, console, after))


async def _tell(look: Look, plan: Plan, console: Console, after: After | None) -> int:
    folder = new_run_folder()
    tale = Tale(console)
    if not sandboxed():
        tale.note("Running as root: Chromium is started with --no-sandbox.")
    stage = Stage(folder, look)
    try:
        async with stage:
            story = Story(stage, tale, plan)
            await story.set_up()
            readable = await story.buy()
            if after is not None:
                await after(story)
            status = _close(console, story, readable)
    except NotMeasuredError as fault:
        print(f"demo: what the agent could read was not measured: {fault}; nothing is claimed", flush=True)
        return 1
    except StepFailedError as failure:
        console.print(f"\n[red]✕ Failed:[/red] {failure.step}\n  {failure.cause.message}\n  {failure.cause.hint or ''}", markup=True)
        console.print(f"  Logs: {_shown(folder / 'logs')}")
        return 1
    finally:
        stage.forget_secrets()
    return status


def _close(console: Console, story: Story, readable: bool) -> int:
    console.print("\n[bold]LedgerOS's access-event log[/bold]")
    entries = list(read_events(story.stage.state.path))
    console.print(events_table(entries[-_EVENTS_SHOWN:]))
    console.print(
        f"\nScreenshots: {_shown(story.stage.screenshots)}   Logs: {_shown(story.stage.logs)}   {story.tale.seconds:.0f} s", soft_wrap=True
    )
    sent = story.sent_to_agent()
    print(f"demo: paid {story.paid} at {story.origin} with card ending {story.account.last4}")
    print(f"demo: number sent to the agent: {_word(sent)}; readable in the page: {_word(readable)} ({story.plan.mode} mode)", flush=True)
    return int(sent or (readable and story.plan.mode == "surrogate"))


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _shown(path: Path) -> str:
    return str(path.relative_to(clone_root()))
