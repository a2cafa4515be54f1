"""routelab judges, chooses and runs LLM routers together with the pool that serves them."""

__version__ = "0.1.0"
