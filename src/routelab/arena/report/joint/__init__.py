"""The page of a joint run: routers, load and fleet in one picture. Computes no metric."""

from routelab.arena.report.joint.page import render_joint, write_joint

__all__ = ["render_joint", "write_joint"]
