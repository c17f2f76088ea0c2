"""Agents' credentials at the broker."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from broker.cli.output import say, show_json, show_list
from broker.cli.state import AsJson, folder

NAME = "agents"
app = typer.Typer(help="Who may ask this broker for releases.", no_args_is_help=True, rich_markup_mode=None)


@app.command("add")
def add(context: typer.Context, name: Annotated[str, typer.Argument(help="What you call it.")], as_json: AsJson = False) -> None:
    """Add an agent. Its credential is printed once and kept nowhere."""
    from broker.admin import add_agent

    new = add_agent(folder(context).path, name)
    if as_json:
        show_json({"id": new.agent.id, "name": new.agent.name, "credential": new.credential})
        return
    say(f"{new.agent.id}  {new.agent.name}")
    say("Its credential, shown once; give it to the agent, not to a web page or a log:")
    say(new.credential)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the agents."""
    from broker.admin import list_agents

    rows = [camel(asdict(agent)) for agent in list_agents(folder(context).path)]
    columns = (("id", "Id"), ("name", "Name"), ("createdAt", "Added"), ("revokedAt", "Revoked"))
    show_list(rows, columns, as_json=as_json, empty="No agents yet: ledgeros agents add NAME")


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
