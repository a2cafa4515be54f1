"""Wayfinder: structure and wording of a prompt → one of two arms by its score, or any arm by a fitted classifier.

Where the best threshold is none, its loader refuses what its calibration wrote: that mode is told and left out.
"""

from __future__ import annotations

import json
import sys

from competitor import read, write
from wayfinder_router import WayfinderConfigError, calibrate, parse_dataset, routing_config_from_toml, score_complexity

ABOUT = {"source_url": "https://github.com/itsthelore/wayfinder-router", "licence": "Apache-2.0"}

queries, training, out = read()
for mode, arms in (("threshold", training.ladder()[-2:]), ("classifier", list(training.score[0]))):
    labelled = training.labelled(arms)
    samples = parse_dataset("\n".join(json.dumps({"text": text, "label": label}) for text, label in labelled))
    fitted = calibrate(samples, mode)
    try:
        config = routing_config_from_toml(fitted.toml)
    except WayfinderConfigError as error:
        sys.stdout.write(f"Wayfinder {mode}: left out: {error}\n")
        continue
    chosen = {name: score_complexity(prompt, config=config).recommendation for name, prompt in queries.items()}
    description = f"its deterministic prompt score, {mode} mode, calibrated on {len(samples)} prompts"
    write(out, f"Wayfinder {mode}", chosen, package="wayfinder-router", description=description, **ABOUT)
