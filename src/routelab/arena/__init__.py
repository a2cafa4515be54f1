"""Judge routers: evaluation, metrics, statistics, reports."""
