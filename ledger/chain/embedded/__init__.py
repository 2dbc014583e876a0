"""The embedded chain (D12): one operator's Clique chain on py-evm, in one process, durable on LMDB.

Rooms, from the bottom up:

`db`        bytes on disk: LMDB behind py-evm's database interface, atomic batches
`lock`      one writer
`machine`   running contract code quickly
`clique`    the London virtual machine under EIP-225 rules, headers and their seals
`genesis`   block 0: chain id, validator, funded accounts
`sealing`   from signed transactions to a sealed block
`chain`     create, open, read, seal
`calls`     simulate a call, estimate its gas
`proofs`    Merkle-Patricia proofs as `eth_getProof` gives them
`views`     blocks, transactions, receipts and logs as JSON-RPC shows them
`params`    JSON-RPC parameters, parsed strictly
`blocks`    which block a parameter means, and the logs of a range
`rpc`       the methods, by name
`jsonrpc`   requests and batches as bytes
`provider`  a web3.py provider over `rpc`
`node`      the same over HTTP, for foreign clients
`evidence`  chain evidence for the verifier (S7.3), from any web3 instance
"""
