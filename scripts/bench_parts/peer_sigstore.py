"""How many bundles Sigstore's client verifies in a second of the processor (`peers.py`).

Runs in an environment of its own, offline.

Arguments: the file that was signed, and its bundle.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from sigstore.models import Bundle
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

SECONDS = 3
ISSUER = "https://token.actions.githubusercontent.com"
SIGNER = (
    "https://github.com/sigstore/sigstore-java/.github/workflows/release-sigstore-java-from-tag.yaml"
    "@refs/tags/v2.0.0"
)
"""Who must have signed: the workflow that made this release, by GitHub's word."""


def main() -> None:
    """Print the rate. Each time the bundle is parsed anew, as a file is; the trust root is read once."""
    logging.disable(logging.CRITICAL)
    signed, bundle = (Path(name).read_bytes() for name in sys.argv[1:])
    verifier = Verifier.production(offline=True)
    policy = Identity(identity=SIGNER, issuer=ISSUER)
    count, begin = 0, time.process_time()
    while (taken := time.process_time() - begin) < SECONDS:
        verifier.verify_artifact(signed, Bundle.from_json(bundle), policy)  # raises unless all of it holds
        count += 1
    print(count / taken)


if __name__ == "__main__":
    main()
