"""Foreign data into the outcome table: public benchmarks, leaderboards' files and logs of one's own traffic.

``open_table`` opens anything; ``import_table`` also reports what was kept, dropped and why. An importer is
a module registered under the entry-point group ``routelab.importers`` (see ``Importer``).
"""

from routelab.outcomes.importers.base import Imported, Importer, Report, TableBuilder, refuse_taken, save_new
from routelab.outcomes.importers.opening import formats, import_table, open_table

__all__ = [
    "Imported",
    "Importer",
    "Report",
    "TableBuilder",
    "formats",
    "import_table",
    "open_table",
    "refuse_taken",
    "save_new",
]
