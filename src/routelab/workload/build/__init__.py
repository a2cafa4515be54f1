"""From a recipe or a season to a frozen suite."""

from routelab.workload.build.gates import Finding, pass_gates, shared_items
from routelab.workload.build.pipeline import build
from routelab.workload.build.recipe import Recipe, read_recipe
from routelab.workload.build.season import draw_suite, season

__all__ = ["Finding", "Recipe", "build", "draw_suite", "pass_gates", "read_recipe", "season", "shared_items"]
