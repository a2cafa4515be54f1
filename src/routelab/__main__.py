"""``python -m routelab`` is ``routelab``."""

from routelab.cli import main

main()
