"""Public facts about models and accelerators: shapes, peaks, prices. Nothing here computes a time."""

from routelab.pool.fleet.catalogue.hardware import BYTES, Hardware, find_hardware, hardware
from routelab.pool.fleet.catalogue.models import Model, find_model, models

__all__ = ["BYTES", "Hardware", "Model", "find_hardware", "find_model", "hardware", "models"]
