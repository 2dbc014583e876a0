"""Suspected breaches of law by right holders: what was done, recorded and reported (R52)."""
