"""Day one with one's own traffic: a fair sample of the logs, asked, judged and calibrated, in one honest sentence."""

from routelab.arena.dayone.trial import plan_trial
from routelab.arena.dayone.tryout import run_trial

__all__ = ["plan_trial", "run_trial"]
