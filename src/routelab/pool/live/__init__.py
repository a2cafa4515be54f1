"""Models that answer for real: any OpenAI-compatible endpoint, and llama.cpp in this process."""

from routelab.pool.live.cpu_rate import DECLARED, CpuRate
from routelab.pool.live.policies import POLICIES, Policy, policy_of
from routelab.pool.live.providers import Endpoints, Provider, endpoints

__all__ = ["DECLARED", "POLICIES", "CpuRate", "Endpoints", "Policy", "Provider", "endpoints", "policy_of"]
