"""A second pair of eyes: a copy of the log, and the chain followed, by whoever pins the policy (ADR 64)."""
