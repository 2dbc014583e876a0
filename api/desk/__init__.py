"""The desk: the service that acts, for organisations and patients, with the registry's keys.

The public web server stays without keys (docs/adr/0003); this one has them, listens on loopback unless told
otherwise, and holds the writer's lock only in bursts, so that commands of officers get their turn.
"""

from yinzheng.api.desk.running import run_desk

__all__ = ["run_desk"]
