"""How a description stands beside its control: one function a layout, from words and a control to markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

Layout = Callable[["Row"], str]


@dataclass(frozen=True)
class Row:
    """One described field: its words, its control or controls as markup, an id for references, help to read with it."""

    words: str
    control: str
    id: str
    help: str = ""

    @property
    def text(self) -> str:
        return escape(self.words)

    @property
    def note(self) -> str:
        return f'<small class="hint">{escape(self.help)}</small>' if self.help else ""


def label_for(row: Row) -> str:
    return f'<div class="field"><label for="{row.id}">{row.text}</label> {row.control}{row.note}</div>'


def starred(row: Row) -> str:
    label = f'<label class="required" for="{row.id}"><em>*</em>{row.text}</label>'
    return f'<div class="row">{label}<div class="input-box">{row.control}</div>{row.note}</div>'


def wrapped(row: Row) -> str:
    return f"<label><span>{row.text}</span>{row.control}</label>{row.note}"


def cell_before(row: Row) -> str:
    return f"<table><tr><td align=right><b>{row.text}:</b></td><td>{row.control} {row.note}</td></tr></table>"


def text_before(row: Row) -> str:
    return f"<br>{row.text}: {row.control} {row.note}"


def bold_before(row: Row) -> str:
    return f"<p><b>{row.text}</b></p><p>{row.control}</p>{row.note}"


def sibling_div(row: Row) -> str:
    control = f'<div class="col-9"><div class="wrap">{row.control}</div></div>'
    return f'<div class="form-group row"><div class="col-3">{row.text}</div>{control}</div>'


def stray_label(row: Row) -> str:
    return f'<div class="form-group"><label>{row.text}</label><div class="wrap">{row.control}</div>{row.note}</div>'


def definition(row: Row) -> str:
    return f"<dl><dt>{row.text}</dt><dd>{row.control}</dd></dl>"


def legend(row: Row) -> str:
    return f"<fieldset><legend>{row.text}</legend><div>{row.control}</div></fieldset>"


def labelled_by(row: Row) -> str:
    return f'<div><span id="l-{row.id}">{row.text}</span><div>{row.control.replace(" ", f" aria-labelledby=l-{row.id} ", 1)}</div></div>'


def floating(row: Row) -> str:
    return f'<div class="form-floating">{row.control}<label for="{row.id}">{row.text}</label></div>'


def floating_span(row: Row) -> str:
    return f'<div class="input-field">{row.control}<span class="highlight"></span><span class="bar"></span><span>{row.text}</span></div>'


def placeholder(row: Row) -> str:
    return f'<div class="cell">{row.control.replace(" ", f" placeholder={chr(34)}{row.text}{chr(34)} ", 1)}</div>'


def aria(row: Row) -> str:
    return f'<div class="cell">{row.control.replace(" ", f" aria-label={chr(34)}{row.text}{chr(34)} ", 1)}</div>'


def list_item(row: Row) -> str:
    return f'<li><span class="title">{row.text}</span><span class="value">{row.control}</span>{row.note}</li>'


def error_first(row: Row) -> str:
    error = '<span class="error" hidden>!</span><span class="icon"></span>'
    return f'<div class="field"><label for="{row.id}">{row.text}</label>{row.control}{error}</div>'


LAYOUTS: tuple[Layout, ...] = (
    label_for, starred, wrapped, cell_before, text_before, bold_before, sibling_div, stray_label, definition, legend, labelled_by, floating,
    floating_span, placeholder, aria, list_item, error_first,
)  # fmt: skip
# A placeholder cannot describe a select, nor one description two controls by reference.
FOR_ONE_INPUT = frozenset({placeholder, aria, labelled_by, floating, floating_span})
