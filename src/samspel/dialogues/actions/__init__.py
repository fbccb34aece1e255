"""Every change to a dialogue, one function each, by the part of the day it belongs to."""
