"""Routers that live elsewhere, made to answer like ours."""
