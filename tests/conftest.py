"""Test set-up: the tests' own folder is importable, so that helpers can be shared."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
