"""Agents' credentials at the broker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from broker.cli.output import ask_secret, say, show_json, show_list
from broker.cli.state import AsJson, folder
from broker.core.errors import LedgerError

File = Annotated[
    Path | None,
    typer.Option(help="Write what the agent's clients need to this new file (agent.json); asks for its token.", show_default=False),
]

app = typer.Typer(help="Who may ask this broker for releases.", no_args_is_help=True, rich_markup_mode=None)


@app.command("add")
def add(
    context: typer.Context, name: Annotated[str, typer.Argument(help="What you call it.")], file: File = None, as_json: AsJson = False
) -> None:
    """Add an agent. Its credential is printed once and kept nowhere, or written to the file that its clients read."""
    from broker.admin import add_agent

    if file is not None:
        _add_with_file(context, name, file, as_json)
        return
    new = add_agent(folder(context).path, name)
    if as_json:
        show_json({"id": new.agent.id, "name": new.agent.name, "credential": new.credential})
        return
    say(f"{new.agent.id}  {new.agent.name}")
    say("Its credential, shown once; give it to the agent, not to a web page or a log:")
    say(new.credential)


def _add_with_file(context: typer.Context, name: str, path: Path, as_json: bool) -> None:
    from broker.admin import add_agent
    from broker.install import agent_file

    state = folder(context)
    with agent_file.new_file(path) as file:
        where = agent_file.addresses(state)
        # Asked for, never an argument: other users of the machine can read arguments.
        token = ask_secret("Agent token of LedgerOS (at_…, from POST /v1/agents/{id}/tokens)")
        if not token.startswith("at_"):
            raise LedgerError(
                400, "wrong_token", "That is not an agent token.", "It starts with at_: POST /v1/agents/{id}/tokens makes one."
            )
        new = add_agent(state.path, name)
        agent_file.fill(file, where, token, new.credential)
    if as_json:
        show_json({"id": new.agent.id, "name": new.agent.name, "file": str(path)})
    else:
        say(f"{new.agent.id}  {new.agent.name}: its secrets are in {escape(str(path))}, which only you can read")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the agents."""
    from broker.admin import list_agents

    rows = [camel(asdict(agent)) for agent in list_agents(folder(context).path)]
    columns = (("id", "Id"), ("name", "Name"), ("createdAt", "Added"), ("revokedAt", "Revoked"))
    show_list(rows, columns, as_json=as_json, empty="No agents yet: ledgeros agents add my-agent --file agent.json")


@app.command("revoke")
def revoke(context: typer.Context, agent_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Revoke an agent's credential, effective at its next request."""
    from broker.admin import revoke_agent

    revoke_agent(folder(context).path, agent_id)
    say(f"{agent_id} is revoked")


def camel(row: dict[str, Any]) -> dict[str, Any]:
    """Keys as they are on the wire."""
    from pydantic.alias_generators import to_camel

    return {to_camel(key): value for key, value in row.items()}
