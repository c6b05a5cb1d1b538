"""The results as one self-contained HTML file. It includes the pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from virtuoso.evaluate.panel import FeatureKind
from virtuoso.evaluate.report import (
    CONFIDENCE_TEXT,
    CONFIDENCE_TITLE,
    DECILE_HEADS,
    HEADS,
    SECTIONS,
    check_sentences,
    confidence_rows,
    decile_row,
    market_rows,
    outlook_rows,
    result_row,
    signal_rows,
    title,
)
from virtuoso.evaluate.results import Conclusion, Evaluation, FeatureResult, caveats, conclusion_sentences

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } img { max-width: 100%; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
td, th { padding: .2rem .6rem; border-bottom: 1px solid #d8dee4; text-align: right; white-space: nowrap; }
td:first-child, th:first-child { text-align: left; } .good td { background: #e3f4e7; } .bad td { background: #fbe6e3; }
"""
CSS_CLASSES = {Conclusion.PREDICTIVE: "good", Conclusion.INVERSE: "bad"}
CAPTIONS = {
    "ic": "Information coefficients with their intervals",
    "deciles": "Mean return by tenths of the score",
    "components": "Components",
    "regime": "The market's regime",
}


def html_page(evaluation: Evaluation, pictures: Mapping[str, bytes]) -> str:
    """Return the whole file. `pictures` are PNG files by name."""
    return "\n".join(_parts(evaluation, pictures)) + "\n"


def _parts(evaluation: Evaluation, pictures: Mapping[str, bytes]) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Virtuoso: evaluation</title><style>{STYLE}</style>'
    yield f"<h1>Does the score predict anything?</h1><p>{escape(title(evaluation))}</p>"
    yield f"<h2>Conclusions</h2>{_list(conclusion_sentences(evaluation))}"
    for name, picture in pictures.items():
        data = base64.b64encode(picture).decode()
        yield f'<h2>{CAPTIONS[name]}</h2><img alt="{CAPTIONS[name]}" src="data:image/png;base64,{data}">'
    yield f"<h2>What to know</h2>{_list([*evaluation.remarks, *caveats(evaluation.grid), *check_sentences(evaluation)])}"
    yield f"<h2>The market</h2>{_table(market_rows(evaluation))}"
    for name, kinds in SECTIONS:
        if results := evaluation.results_of(*kinds):
            yield f"<h2>{escape(name.capitalize())}</h2>{_table([HEADS, *map(result_row, results)], results)}"
    if evaluation.confidence:
        yield f"<h2>{CONFIDENCE_TITLE}</h2><p>{CONFIDENCE_TEXT}</p>{_table(confidence_rows(evaluation.confidence))}"
    if evaluation.signals:
        yield "<h2>Signals</h2><p>The interval is that of the result, or of the move minus that of random entries.</p>"
        yield _table(signal_rows(evaluation.signals))
    if evaluation.outlooks is not None and evaluation.outlooks.tenths:
        yield "<h2>Outlooks</h2><p>By tenths of their odds: the share that beat the median.</p>"
        yield _table(outlook_rows(evaluation.outlooks))
    tenths = evaluation.results_of(FeatureKind.TOTAL, FeatureKind.DIMENSION, FeatureKind.BASELINE)
    yield "<h2>Mean return by tenths of the score</h2><p>Lowest to highest, minus that of all symbols, basis points.</p>"
    yield _table([DECILE_HEADS, *map(decile_row, tenths)])
    yield "</html>"


def _list(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _table(rows: Sequence[Sequence[str]], results: Sequence[FeatureResult] = ()) -> str:
    """Return a table. The first row is its header. Rows of results are coloured by their conclusion."""
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    classes = [CSS_CLASSES.get(result.conclusion, "") for result in results] or [""] * (len(rows) - 1)
    body = "".join(
        f'<tr class="{name}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, cells in zip(classes, rows[1:], strict=True)
    )
    return f"<table><tr>{heads}</tr>{body}</table>"
