"""Commands about people, their keys and the registry's, and deciding elsewhere; see `commands.py`."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.lazy import Command, Group

PEOPLE: Final = Group(
    "people",
    "Who acts for the registry, each with a key of their own. 人员与密钥。",
    (
        Command(
            "key",
            "registry.people:make_key",
            "Make a key of one's own, to carry: a file under a passphrase, or a key in a token. 本人密钥。",
        ),
        Command(
            "fingerprint",
            "registry.ceremony:fingerprint",
            "Show the fingerprint of one's own key, to read aloud; its passphrase proves it. 本人密钥指纹。",
        ),
        Command(
            "ceremony",
            "registry.ceremony:ceremony",
            "Compare everyone's key aloud, and write a record for all to sign. 密钥仪式。",
        ),
        Command(
            "add",
            "registry.people:add",
            "Enrol someone who acts for the registry, with a key of their own. 登记人员。",
        ),
        Command(
            "remove",
            "registry.people:remove",
            "End what someone may do, at once, here and on the chain; what was signed stands. 注销人员。",
        ),
        Command(
            "replace",
            "registry.people:replace",
            "Enrol someone in the role of who leaves, here and on the chain, and end that one. 更换人员。",
        ),
        Command(
            "list",
            "registry.people:list_people",
            "List everyone who acts for the registry, also who left. 人员名单。",
        ),
        Command(
            "passphrase",
            "registry.people:passphrase",
            "Put one's own key under another passphrase; the key stays the one it is. 更换口令。",
        ),
    ),
)

KEYS: Final = Group(
    "keys",
    "Where the registry's keys lie. 密钥管理。",
    (
        Command(
            "list",
            "registry.keys:list_keys",
            "Show every key, what it is and where it lies; no passphrase and no PIN is asked. 列出密钥。",
        ),
        Command(
            "to-token",
            "registry.keys:to_token",
            "Make keys inside a token; they never leave it. 在密码设备中生成密钥。",
        ),
        Command(
            "rewrap",
            "registry.keys:rewrap",
            "Wrap every key in the database anew, in one transaction. 重新加密数据密钥。",
        ),
    ),
)

DECISION: Final = Group(
    "decision",
    "Decide on one's own machine; the registry carries it out. 异地签署的决定。",
    (
        Command(
            "new",
            "registry.decision:new",
            "Sign a decision on one's own machine, with one's own key. 本机签署决定。",
        ),
        Command(
            "sign",
            "registry.decision:sign",
            "Approve what the contracts ask for, after reading it. 签署链上核准。",
        ),
        Command(
            "submit",
            "registry.decision:submit",
            "Have a signed decision carried out, by the desk or here; no key of a person is "
            "needed. 提交决定。",
        ),
    ),
)
