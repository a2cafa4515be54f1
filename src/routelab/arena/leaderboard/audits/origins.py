"""Audits of where a submission is from: what it was fitted on, and whether its badges are true."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from routelab.arena.leaderboard.audits.case import Case
from routelab.arena.leaderboard.audits.rule import NotApplicable, for_kinds

MOST_KNOWN = 0.005
"""Share of judged prompts that may have been fitted on by accident: common prompts are in many data sets."""
_OPEN = re.compile(r"(?i)\b(apache|mit|bsd|isc|[al]?gpl|mpl|epl|eupl|cc0|cc[- ]by|unlicense|zlib|artistic|0bsd)\b")
_CLOSED = re.compile(r"(?i)-n[cd]\b|non-?commercial|proprietary|all rights reserved|source[- ]available")
_NOWHERE = re.compile(r"(?i)(?:^|\.)(?:example|test|invalid|localhost|local)(?:\.(?:com|org|net))?$|^[\d.:\[\]]+$")


@for_kinds("artifact", otherwise="only an artifact says which queries it was fitted on")
def fitted_on_evaluation(case: Case) -> tuple[bool, str]:
    """Judged queries or canaries among those that an artifact was fitted on (RouterArena #105, #106, #153)."""
    if case.fitted_on is None:
        raise NotApplicable("the artifact was not read")
    prints = case.problem.batch.fingerprints().tolist()
    known = sum(one in case.fitted_on for one in prints)
    canaries = len(case.canaries & case.fitted_on)
    evidence = (
        f"{known} of {len(prints)} judged queries and {canaries} of {len(case.canaries)} canaries are among the "
        f"{len(case.fitted_on)} it was fitted on"
    )
    return known > MOST_KNOWN * len(prints) or canaries > 0 or not case.fitted_on, evidence


@for_kinds("recipe", "artifact", "code", "endpoint", "decisions", "predictions", otherwise="")
def opaque_claims(case: Case) -> tuple[bool, str]:
    """A badge that nobody can check: open source without the router, its address or its licence (RouterArena #196)."""
    manifest = case.submission.manifest
    if not manifest.open_source:
        return False, "it does not claim to be open source"
    address, licence = manifest.source_url or "", manifest.licence or ""
    missing = []
    if case.kind not in ("recipe", "artifact", "code"):
        missing.append(f"of kind {case.kind}, which holds no router")
    place = urlsplit(address)
    if (
        place.scheme not in ("http", "https")
        or "." not in (place.hostname or "")
        or _NOWHERE.search(place.hostname or "")
    ):
        missing.append(f"without a public address ({address or 'none'})")
    if not _OPEN.search(licence) or _CLOSED.search(licence):
        missing.append(f"without an open licence ({licence or 'none'})")
    return bool(
        missing
    ), f"it claims to be open source and is {', and '.join(missing) or f'at {address} under {licence}'}"
