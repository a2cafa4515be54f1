"""Audits of what a prediction file says of its own calls: failures, tokens, prices, answers and scores.

Every claimed call is held against the same call in the shared table. Claims never score anything on the board; a file
that does not tell the truth about them is a file that was made up.
"""

from __future__ import annotations

import re

import polars as pl

from routelab.arena.leaderboard.audits.case import Case
from routelab.arena.leaderboard.audits.rule import CHANCE, NotApplicable, at_least, chance_of, for_kinds, tilted
from routelab.core.types import Arm, Price

NO_CLAIMS = "only a prediction file claims calls of its own"

MOST_FAILED = 0.05
"""Share of calls that may fail though the shared table has their answer; honest ones with time-outs stay below 0.02."""
MOST_ODD = 0.005
"""Share of calls whose usage, price or model may be wrong by accident, and three calls in any file."""
FEW = 3
HIDDEN = 0.01
"""Share of output tokens that the total may hold without the cost paying for them."""
LEAST_USED = 0.8
"""Tokens claimed in all, as a share of what the shared calls used; honest noise keeps the sum within a tenth."""
HALF = 0.5
COUNTED_FROM, ENOUGH = 8, 30
"""Tokens from which a count can be called half of another, and counts from which their sum says something."""
CHEAPER, ROUNDING_USD = 0.02, 6e-7
"""A claimed cost may differ from price × tokens by so much, and by the rounding to six digits."""
_SNAPSHOT = re.compile(r"[-@:](?:\d[\d.-]*|latest|preview)")


def beside_shared(case: Case) -> pl.DataFrame:
    """The claims, with what the shared table holds of the same call in ``shared_…`` columns, null where nothing."""
    if case.claimed is None or case.claimed.is_empty():
        raise NotApplicable("the file claims no calls of its own: no answers, no tokens")
    names = ("score", "input_tokens", "output_tokens", "reasoning_tokens")
    first = case.table.calls.filter((pl.col("sample") == 0) & (pl.col("turn") == 0) & pl.col("error").is_null())
    shared = first.select("query_id", "arm", *(pl.col(name).alias(f"shared_{name}") for name in names))
    claims = case.claimed.join(shared, on=["query_id", "arm"], how="left", maintain_order="left")
    paid = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)
    return claims.with_columns(hidden=(pl.col("total_tokens") - paid).clip(lower_bound=0).fill_null(0))


def answered(case: Case) -> pl.DataFrame:
    """The claimed calls that the shared table has an answer to."""
    rows = beside_shared(case).filter(pl.col("shared_score").is_not_null())
    if rows.is_empty():
        raise NotApplicable("the shared table holds none of the claimed calls")
    return rows


@for_kinds("predictions", otherwise=NO_CLAIMS)
def failed_rows(case: Case) -> tuple[bool, str]:
    """Calls marked as failed so that hard queries leave the accuracy (RouterArena #118)."""
    rows = answered(case)
    failed = rows.filter(~pl.col("success"))
    wrong = int((failed["shared_score"] < HALF).sum())
    rate = float((rows["shared_score"] < HALF).mean())  # type: ignore[arg-type]
    evidence = (
        f"{failed.height} of {rows.height} calls that the shared table has an answer to are claimed to have failed; "
        f"{wrong} of these answers are wrong, against {rate:.0%} of all"
    )
    dodges = chance_of(wrong, failed.height, rate) < CHANCE
    return at_least(failed.height, rows.height) > MOST_FAILED or dodges, evidence


@for_kinds("predictions", otherwise=NO_CLAIMS)
def unbilled_tokens(case: Case) -> tuple[bool, str]:
    """Usage that is missing, hidden in the total or far below what such calls use (RouterArena #135)."""
    rows = beside_shared(case).filter(pl.col("success"))
    empty = rows.filter(pl.min_horizontal(pl.col("input_tokens", "output_tokens").fill_null(0)) <= 0).height
    paid_for = rows.filter(pl.col("cost_usd").is_not_null() & (pl.col("hidden") > 0))
    prices = _prices(case)
    unpaid = sum(
        row["hidden"]
        for row in paid_for.iter_rows(named=True)
        if (price := prices.get(row["arm"])) and row["cost_usd"] < (1 - CHEAPER) * _bill(row, price) - ROUNDING_USD
    )
    output = float(rows.select(pl.col("output_tokens").fill_null(0).sum() + pl.col("hidden").sum()).item())
    known = rows.filter(pl.col("shared_output_tokens").is_not_null() & (pl.col("output_tokens") > 0))
    evidence = (
        f"{empty} of {rows.height} successful calls report no usage; {unpaid:,.0f} of {output:,.0f} output tokens "
        "are in the total and not in the cost"
    )
    tricked = empty > max(FEW, MOST_ODD * rows.height) or unpaid > HIDDEN * output
    told = {"input": pl.col("input_tokens"), "output": pl.col("output_tokens") + pl.col("hidden")}
    real = {
        "input": pl.col("shared_input_tokens"),
        "output": pl.col("shared_output_tokens") + pl.col("shared_reasoning_tokens").fill_null(0),
    }
    for side, claimed in told.items():
        counted = known.filter(real[side] >= COUNTED_FROM)
        used = float(counted.select(claimed.sum() / real[side].sum()).item()) if counted.height else 1.0
        low = int(counted.select((claimed < HALF * real[side]).sum()).item())
        high = int(counted.select((claimed * HALF > real[side]).sum()).item())
        evidence += f"; {side} tokens are {used:.0%} of the shared calls', {low} below half of them, {high} above twice"
        tricked |= (counted.height >= ENOUGH and used < LEAST_USED) or (
            tilted(low, high) and low - high > MOST_ODD * counted.height
        )
    return tricked, evidence


@for_kinds("predictions", otherwise=NO_CLAIMS)
def stale_prices(case: Case) -> tuple[bool, str]:
    """Another model than the chosen one answered, or its price is not today's (RouterArena #166)."""
    rows = beside_shared(case)
    prices = _prices(case)
    strange = sorted(set(rows["arm"]) - set(case.table.arms))
    unpriced = sorted(set(rows["arm"]) - set(prices)) if prices else []
    swapped = rows.filter(pl.col("model_used").is_not_null()).select("arm", "model_used").rows()
    other = [(arm, used) for arm, used in swapped if not _same_model(arm, used)]
    billed = rows.filter(pl.col("success") & pl.col("cost_usd").is_not_null() & (pl.col("output_tokens") > 0))
    off = below = 0
    for row in billed.iter_rows(named=True):
        if price := prices.get(row["arm"]):
            gap = row["cost_usd"] - _bill(row, price)
            wrong = abs(gap) > CHEAPER * _bill(row, price) + ROUNDING_USD
            off, below = off + wrong, below + (wrong and gap < 0)
    allowed = max(FEW, MOST_ODD * rows.height)
    evidence = (
        f"{len(other)} of {rows.height} calls were answered by another model"
        + (f" ({other[0][1]} for {other[0][0]})" if other else "")
        + f"; {off} of {billed.height} costs are not price × tokens, {below} of them too low"
        + (f"; not in the pool: {', '.join(strange[:3])}" if strange else "")
        + (f"; without a price: {', '.join(unpriced[:3])}" if unpriced else "")
    )
    return bool(strange or unpriced) or len(other) > allowed or off > allowed, evidence


@for_kinds("predictions", otherwise=NO_CLAIMS)
def truth_in_answers(case: Case) -> tuple[bool, str]:
    """Answers synced with the references, scores above what the arm earns (RouterArena #144, #189, #204)."""
    rows = answered(case).filter(pl.col("success"))
    better = int((rows["score"] - rows["shared_score"] >= HALF).sum())
    worse = int((rows["shared_score"] - rows["score"] >= HALF).sum())
    evidence = f"{better} claimed scores are above the shared table's and {worse} below, of {rows.height}"
    tricked = tilted(better, worse)
    if case.answers is not None:
        said = case.answers.select("query_id", "arm", shared_answer="answer").unique(["query_id", "arm"])
        truth = case.table.queries.select("query_id", "reference").filter(pl.col("reference").is_not_null())
        both = rows.join(said, on=["query_id", "arm"]).join(truth, on="query_id").select(
            claimed=_plain("answer") == _plain("reference"), shared=_plain("shared_answer") == _plain("reference")
        )  # fmt: skip
        synced = int((both["claimed"] & ~both["shared"]).sum())
        lost = int((~both["claimed"] & both["shared"]).sum())
        evidence += f"; {synced} answers are the reference where the shared answer is not, {lost} the other way round"
        tricked |= tilted(synced, lost)
    return tricked, evidence


def _plain(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.to_lowercase().str.strip_chars(" \t\n.")


def _prices(case: Case) -> dict[str, Price]:
    """Today's price of every arm that has one."""
    cards = {card.id: card.price_on() for card in case.table.models}
    return {arm: price for arm in case.table.arms if (price := cards.get(Arm.parse(arm).model)) is not None}


def _bill(row: dict[str, float], price: Price) -> float:
    return price.cost_usd(int(row["input_tokens"] or 0), int(row["output_tokens"] or 0), reasoning=int(row["hidden"]))


def _same_model(arm: str, used: str) -> bool:
    """Whether a provider's name for what answered means the arm's model: with or without provider and date.

    >>> _same_model("openai/gpt-4o@low", "gpt-4o-2024-11-20"), _same_model("openai/gpt-4o", "gpt-4o-mini")
    (True, False)
    """
    model = Arm.parse(arm).model
    for name in (arm, model, model.partition("/")[2] or model):
        for shown in (used, used.rpartition("/")[2]):
            if shown == name or (shown.startswith(name) and _SNAPSHOT.fullmatch(shown[len(name) :])):
                return True
    return False
