"""Measuring the program, each figure beside the floor it stands on, in the same run (D11).

Other work on the machine slows both alike: what the program takes and what its floor takes are measured in
turns, and it is their ratio that says something.
"""
