"""Ways to keep hostile code in, and the choice between them."""

from agents.verification.sandbox.interpreter import prefixes
from agents.verification.sandbox.ladder import Probed, choose, probe, probe_all

__all__ = ["Probed", "choose", "prefixes", "probe", "probe_all"]
