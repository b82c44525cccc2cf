"""HTTP in the same way everywhere."""

from chassis.web.problem import Problem

__all__ = ["Problem"]
