"""Optimiser updates that do not depend on how a batch is split, and the schedule of the recipe."""

from .one_cycle import OneCycle
from .summed_gradients import SummedGradients, SummedGradientsConstructor

__all__ = ['OneCycle', 'SummedGradients', 'SummedGradientsConstructor']
