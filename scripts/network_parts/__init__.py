"""A network of several validators on one machine: made, started, stopped and removed."""
