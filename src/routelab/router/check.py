"""``check_router``: the executable contract of a router, in the manner of scikit-learn's ``check_estimator``.

Every promise of ``contract.py`` is checked on planted worlds; failures are collected and reported together. It
takes seconds, reads no real data and says nothing about how good a router is on real queries.
"""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from routelab.core.errors import ContractError, PrerequisiteError
from routelab.core.threads import single_threaded
from routelab.router.contract import CHECKS, Check
from routelab.router.trial import NotApplicable, Trial, Violation

Status = Literal["passed", "failed", "not applicable"]


@dataclass(frozen=True)
class Verdict:
    """What became of one promise; ``detail`` says how it broke, or why it does not apply."""

    check: str
    promise: str
    status: Status
    detail: str = ""


@dataclass(frozen=True)
class CheckReport:
    """All verdicts on one router, in the order of the contract."""

    router: str
    seed: int
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The promises that the router broke."""
        return tuple(verdict for verdict in self.verdicts if verdict.status == "failed")

    @property
    def ok(self) -> bool:
        return not self.failed

    def raise_if_failed(self) -> None:
        """Raise ContractError that names every broken promise."""
        if self.failed:
            raise ContractError(
                f"router {self.router!r}",
                expected=f"all {len(self.verdicts)} promises kept",
                got="; ".join(f"{verdict.check}: {verdict.detail}" for verdict in self.failed),
                fix="mend the router, then run `routelab check` again",
            )

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {"router": self.router, "seed": self.seed, "ok": self.ok} | {
            "checks": [asdict(verdict) for verdict in self.verdicts]
        }


@single_threaded
def check_router(router: Any, *, seed: int = 0) -> CheckReport:
    """Check a Recipe, a Router (afresh, through its recipe), a class, or any object with ``route(batch)``.

    Promises that do not concern a router are "not applicable". Raises ContractError for a thing that does not
    route at all, and PrerequisiteError where an optional dependency of the router is absent.

    >>> from routelab.router.catalogue import best_single
    >>> check_router(best_single).failed
    ()
    """
    trial = Trial(router, seed)
    return CheckReport(trial.name, seed, tuple(_verdict(check, trial) for check in CHECKS))


def _verdict(check: Check, trial: Trial) -> Verdict:
    name, promise = check.__name__.replace("_", "-"), (check.__doc__ or "").strip()
    try:
        return Verdict(name, promise, "passed", check(trial) or "")
    except NotApplicable as reason:
        return Verdict(name, promise, "not applicable", str(reason))
    except Violation as violation:
        return Verdict(name, promise, "failed", str(violation))
    except PrerequisiteError:
        raise
    except Exception as error:  # a plug-in may raise anything; where it did so is what its author needs
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name} line {place.lineno}"
        return Verdict(name, promise, "failed", f"{type(error).__name__} at {where}: {error}")
