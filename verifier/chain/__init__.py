"""What the verifier knows of Ethereum: headers and their seals, state proofs, the contracts' storage.

Pure functions over bytes: nothing here speaks to a node.
"""
