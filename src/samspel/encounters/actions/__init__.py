"""Every change to encounters, one function each."""
