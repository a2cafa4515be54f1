"""The page of a joint run: routers, load and fleet in one picture. Computes no metric."""

from routelab.arena.report.joint.page import render_joint, write_joint
from routelab.arena.report.joint.schema import JointResult, as_joint, is_joint
from routelab.arena.report.joint.words import headline

__all__ = ["JointResult", "as_joint", "headline", "is_joint", "render_joint", "write_joint"]
