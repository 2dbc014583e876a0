"""Yinzheng 印证: a registry for health-data property rights whose every decision anyone can check.

The rooms lie at the top of the repository and are linked here: one import name (docs/adr/0021).
"""
