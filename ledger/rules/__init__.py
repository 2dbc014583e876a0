"""Rules of the field: pure tables and functions, each citing its R… (docs/rules.md). No I/O, no clock."""
