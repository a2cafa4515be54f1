"""The experiments of docs/systems run from beginning to end, and their pages can be written again from the figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared import needs_shared

SYSTEMS = Path(__file__).parents[1] / "benchmarks" / "systems"


@pytest.mark.parametrize("name", ["llumnix", "past_future", pytest.param("prism", marks=needs_shared)])
def test_an_experiment_writes_its_page(name: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    command = [sys.executable, str(SYSTEMS / f"{name}.py"), str(page)]
    subprocess.run([*command, "--quick"], check=True)
    text = page.read_text(encoding="utf-8")
    assert "| asked | measured | the paper | verdict |" in text and "## Reading" in text
    assert "nan" not in text
    subprocess.run([*command, "--render"], check=True)
    assert page.read_text(encoding="utf-8") == text
