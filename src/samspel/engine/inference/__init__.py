"""How sure a figure is: intervals for one look and for looking every day, small units steadied, many groups at once.

>>> from samspel.engine.inference import wilson
>>> interval = wilson(20, 20)
>>> round(interval.low, 2), interval.high
(0.84, 1.0)
"""

from .clusters import ClusterSums, clustered_share, design_effects
from .families import benjamini_hochberg, each_level, smallest_gap
from .funnels import Funnel, fit, ratio_limits
from .means import Comparison, relative_error, welch
from .proportions import difference, exact, exact_p, wilson
from .records import Interval, Moments
from .sequences import boundary, log_mixture, mean_sequence, mixture_width, share_sequence, smallest_seen, stitched
from .shrinkage import Pooled, james_stein, pool, shrink, shrink_shares

__all__ = [
    "ClusterSums",
    "Comparison",
    "Funnel",
    "Interval",
    "Moments",
    "Pooled",
    "benjamini_hochberg",
    "boundary",
    "clustered_share",
    "design_effects",
    "difference",
    "each_level",
    "exact",
    "exact_p",
    "fit",
    "james_stein",
    "log_mixture",
    "mean_sequence",
    "mixture_width",
    "pool",
    "ratio_limits",
    "relative_error",
    "share_sequence",
    "shrink",
    "shrink_shares",
    "smallest_gap",
    "smallest_seen",
    "stitched",
    "welch",
    "wilson",
]
