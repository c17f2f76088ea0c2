"""The generated schema and whether it is up to date."""

from __future__ import annotations

import typer

from broker.install.layout import clone_root

app = typer.Typer(help="The message schema that the extension's types come from.", no_args_is_help=True, rich_markup_mode=None)


def schema_file() -> str:
    """Where the generated JSON Schema lies."""
    return str(clone_root() / "extension" / "protocol" / "schema.json")


@app.command("check")
def check() -> None:
    """Fail when the schema file differs from the models."""
    from broker.protocol import schema

    raise typer.Exit(schema.main(["--check", schema_file()]))


@app.command("write")
def write() -> None:
    """Write the schema file from the models."""
    from broker.protocol import schema

    schema.main([schema_file()])
