"""Certificates: make, show, rotate."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.output import say, show_list
from broker.cli.state import AsJson, as_typed, folder
from broker.core.errors import LedgerError

app = typer.Typer(help="Certificates of this installation.", no_args_is_help=True, rich_markup_mode=None)

RoleName = Annotated[str, typer.Argument(help="The name of a file that `certs show` lists, without .crt; or all.")]


@app.command("init")
def init(context: typer.Context) -> None:
    """Make the CA and every certificate that is missing or about to expire."""
    from broker.install import certificates

    certificates.initialise(folder(context))
    show(context, as_json=False)


@app.command("show")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """List the certificates: names and end of validity."""
    from broker.install import certificates

    rows = [
        {
            "file": row.file,
            "names": list(row.names),
            "notAfter": row.not_after.strftime("%Y-%m-%d %H:%M"),
            "state": "expires soon" if row.expires_soon else "valid",
        }
        for row in certificates.describe(folder(context))
    ]
    columns = (("file", "File"), ("state", "State"), ("notAfter", "Valid until (UTC)"), ("names", "Names"))
    show_list(rows, columns, as_json=as_json, empty=as_typed(folder(context), "No certificates yet: ledgeros certs init"))


@app.command("ca")
def ca(context: typer.Context) -> None:
    """Print the CA certificate (PEM), for curl --cacert and for agents. It is not a secret."""
    from broker.install import certificates

    certificates.initialise(folder(context))
    typer.echo(folder(context).pki.ca_file.read_text(), nl=False)


@app.command("rotate")
def rotate(context: typer.Context, role: RoleName = "all") -> None:
    """Replace certificates under the same ids."""
    from broker.install import certificates
    from broker.pki.profile import Roles

    chosen = [known for known in Roles if role in ("all", known.value.stem)]
    if not chosen:
        names = ", ".join(known.value.stem for known in Roles)
        raise LedgerError(404, "no_certificate", "There is no such certificate.", f"Choose one of: {names}, all.")
    for known in chosen:
        certificates.rotate(folder(context), known)
        say(f"new {known.value.stem}.crt")
