"""The close look at one router, as HTML: picks, heat map, slices, calibration, further metrics and losses.

It lays numbers out and computes none; a block without data is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from routelab.arena.report.columns import FACTS
from routelab.arena.report.format import (
    DASH,
    PERCENT,
    POINTS,
    SCORE,
    WHOLE_PERCENT,
    Unit,
    bare,
    explain,
    interval,
    number,
    plain,
    plural,
)
from routelab.arena.report.schema import Loss, Metric, Result, Scorecard, Slice
from routelab.arena.report.sections import esc

FULL_COLOUR_AT = 0.10
EASY_TO_HARD = ("trivial", "easy", "medium", "hard", "expert")


def panels(result: Result, redact_prompts: bool) -> str:
    """One article for each scorecard; the script shows one at a time."""
    rows = [*result.ranked, *result.baselines]
    return "".join(
        f'<article class="panel" data-router="{esc(row.name)}"{"" if row is rows[0] else " hidden"}>'
        f"{_panel(row, result.confidence, redact_prompts)}</article>"
        for row in rows
    )


def _panel(row: Scorecard, confidence: float, redact: bool) -> str:
    identity = [row.description or "", f"fit {row.fit}" if row.fit else ""]
    identity += [f"recipe {row.recipe_hash}" if row.recipe_hash else ""]
    identity += [f"artifact {row.artifact_hash}" if row.artifact_hash else ""]
    line = " · ".join(part for part in identity if part)
    blocks = [
        _block("Domain × difficulty", _heat_map(row, confidence), "wide"),
        _block("Predicted against observed quality", _calibration(row), ""),
        _block("Where it sends queries", _picks(row), ""),
        _block("Finds a right arm, by how many are right", _recall(row), ""),
        _block("More figures", _facts(row, confidence), "wide"),
        _block("Every slice", _slices(row, confidence), "wide"),
        _block("Where it loses", _losses(row, redact), "wide"),
    ]
    return f'<p class="identity">{esc(line)}</p><div class="blocks">{"".join(blocks)}</div>'


def _block(title: str, body: str, kind: str) -> str:
    return f'<section class="block {kind}"><h3>{title}</h3>{body}</section>' if body else ""


def _facts(row: Scorecard, confidence: float) -> str:
    items = []
    for fact in FACTS:
        metric = fact.read(row)
        if metric is not None:
            tip = f"{fact.hint}: {explain(metric, fact.unit, confidence)}"
            items.append(f'<div title="{esc(tip)}"><dt>{fact.title}</dt><dd>{plain(metric, fact.unit)}</dd></div>')
    return f'<dl class="facts">{"".join(items)}</dl>' if items else ""


def _bars(rows: Sequence[tuple[str, float | None, str]]) -> str:
    return (
        '<ul class="bars">'
        + "".join(
            f'<li title="{esc(tip)}"><span>{esc(label)}</span><i style="--share:{share or 0:.3f}"></i>'
            f"<b>{number(share, WHOLE_PERCENT)}</b></li>"
            for label, share, tip in rows
        )
        + "</ul>"
    )


def _picks(row: Scorecard) -> str:
    ordered = sorted(row.picks or (), key=lambda pick: -pick.share)
    bars = [
        (pick.arm, pick.share, f"{number(pick.share, PERCENT)} of the queries go to {pick.arm}") for pick in ordered
    ]
    return _bars(bars) if bars else ""


def _recall(row: Scorecard) -> str:
    bars = []
    for one in row.recall_at_pick or ():
        text = interval(Metric(one.value, one.low, one.high), PERCENT)
        count = f" over {plural(one.count, 'query')}" if one.count is not None else ""
        bars.append((one.correct_arms, one.value, f"{one.correct_arms} right: picks one of them {text}{count}"))
    return _bars(bars) if bars else ""


def _calibration(row: Scorecard) -> str:
    if not row.calibration or not row.calibration.bins:
        return ""
    label = f"Calibration of {row.name}: predicted against observed quality, with intervals"
    return f'<div class="chart small" data-chart="calibration" role="img" aria-label="{esc(label)}"></div>'


def _heat_map(row: Scorecard, confidence: float) -> str:
    cells = {(cell.domain, cell.difficulty): cell for cell in (row.slices.domain_difficulty if row.slices else ())}
    if not cells:
        return ""
    domains = list(dict.fromkeys(domain for domain, _ in cells))
    levels = sorted(dict.fromkeys(level for _, level in cells), key=_level)
    head = "".join(f'<th scope="col">{esc(level)}</th>' for level in levels)
    body = "".join(
        f'<tr><th scope="row">{esc(domain)}</th>'
        + "".join(_heat(cells.get((domain, level)), f"{domain}, {level}", confidence) for level in levels)
        + "</tr>"
        for domain in domains
    )
    return (
        f'<table class="heat"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'
        '<p class="note">Accuracy in percent; below it, points against the best single arm. '
        f"Blue is better, orange worse; full colour at {bare(FULL_COLOUR_AT, Unit(100, 0))} points.</p>"
    )


def _heat(cell: Slice | None, where: str, confidence: float) -> str:
    if cell is None or cell.accuracy is None or cell.accuracy.known is None:
        why = explain(cell.accuracy, PERCENT, confidence) if cell else "no queries"
        return f'<td title="{esc(f"{where}: {why}")}">{DASH}</td>'
    delta = cell.delta_vs_best_single
    gain = delta.known if delta and delta.known is not None else 0.0
    tip = f"{where} ({_queries(cell)}): accuracy {explain(cell.accuracy, PERCENT, confidence)}"
    tip += f"; against the best single arm {explain(delta, POINTS, confidence)}"
    strength = min(1.0, abs(gain) / FULL_COLOUR_AT)
    side = "up" if gain > 0 else "down"
    return (
        f'<td class="{side}" style="--strength:{strength:.2f}" title="{esc(tip)}">'
        f"{plain(cell.accuracy, SCORE)}<small>{bare(delta.known if delta else None, POINTS)}</small></td>"
    )


def _slices(row: Scorecard, confidence: float) -> str:
    if row.slices is None:
        return ""
    lines = [
        f'<tr><td>{kind}</td><th scope="row">{esc(cell.name)}</th><td>{_queries(cell)}</td>'
        f'<td title="{esc(explain(cell.accuracy, PERCENT, confidence))}">{interval(cell.accuracy, SCORE)}</td>'
        f'<td title="{esc(explain(cell.delta_vs_best_single, POINTS, confidence))}">'
        f"{interval(cell.delta_vs_best_single, Unit(100, 1, signed=True))}</td></tr>"
        for kind in ("domain", "difficulty", "category", "form")
        for cell in getattr(row.slices, kind)
    ]
    if not lines:
        return ""
    head = "<tr><th>by</th><th>slice</th><th>queries</th><th>accuracy</th><th>Δ best single</th></tr>"
    return (
        f"<details><summary>{plural(len(lines), 'slice')} by domain, difficulty, category and form</summary>"
        f'<div class="scroll"><table class="slices"><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div></details>"
    )


def _losses(row: Scorecard, redact: bool) -> str:
    return f'<ol class="losses">{"".join(_loss(one, redact) for one in row.losses)}</ol>' if row.losses else ""


def _loss(loss: Loss, redact: bool) -> str:
    if redact:
        prompt = '<p class="prompt redacted">prompt redacted</p>'
    elif loss.prompt:
        prompt = f'<p class="prompt">{esc(loss.prompt)}</p>'
    else:
        prompt = '<p class="prompt redacted">the table holds no prompt</p>'
    picked = f"{esc(loss.picked or 'unknown')} <b>{bare(loss.picked_score, Unit(1, 2))}</b>"
    best = f"{esc(loss.best_arm or 'unknown')} <b>{bare(loss.best_score, Unit(1, 2))}</b>"
    task = f"{esc(loss.task)} · " if loss.task else ""
    return (
        f'<li>{prompt}<p class="fate">{task}<span class="query">{esc(loss.query_id)}</span>'
        f'<span class="bad">picked {picked}</span><span class="good">best {best}</span></p></li>'
    )


def _queries(cell: Slice) -> str:
    return "queries not counted" if cell.queries is None else plural(cell.queries, "query")


def _level(name: str) -> tuple[int, str]:
    known = EASY_TO_HARD.index(name.lower()) if name.lower() in EASY_TO_HARD else len(EASY_TO_HARD)
    return known, name if known == len(EASY_TO_HARD) else ""
