"""What may be shown of small numbers: hidden cells that cannot be worked out, releases that cannot be subtracted."""

from .checking import check, reach
from .protecting import ProtectionError, protect
from .records import Cells, Hidden, Sum, Why, two_way
from .releasing import Share, release, told_share

__all__ = [
    "Cells",
    "Hidden",
    "ProtectionError",
    "Share",
    "Sum",
    "Why",
    "check",
    "protect",
    "reach",
    "release",
    "told_share",
    "two_way",
]
