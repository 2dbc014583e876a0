"""Every command of `yinzheng`: its name, where it is written, and what the help says of it.

A table, so that help needs none of their modules: what a command imports is loaded when it runs, or when its
own help is asked for (`lazy.py`). A test compares each line with the docstring it stands for.
"""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.commands_holder import HOLDER
from yinzheng.api.cli.commands_org import ORG
from yinzheng.api.cli.commands_people import DECISION, KEYS, PEOPLE
from yinzheng.api.cli.commands_rights import RIGHTS
from yinzheng.api.cli.lazy import Command, Group, Panel

PANELS: Final = (
    Panel(
        "Check 核验",
        "",
        (
            Command(
                "verify",
                "verify:verify_command",
                "Check a certificate, receipt, contract, pack, or withdrawal's end. "
                "核验证书、回执、合同、证据包等。",
            ),
            Command(
                "history",
                "history:history",
                "Tell a right's life across its certificates, each line with its proof. 权利的完整历史。",
            ),
            Command(
                "mirror",
                "mirror:mirror",
                "Keep a copy of the log, follow the chain, and cry if they differ. 独立存副本并监督。",
            ),
            Group(
                "trust",
                "The policy you pin: whom you believe. 信任策略。",
                (
                    Command(
                        "show",
                        "trust:show",
                        "Show a policy's fingerprint, to compare by telephone, whom it pins and until when. "
                        "信任策略指纹。",
                    ),
                ),
            ),
            Command(
                "follow",
                "follow:follow_command",
                "Let a policy follow a network whose validators changed. 更新策略中的验证节点。",
            ),
            Group(
                "challenge",
                "Is whoever shows a certificate its holder? 请出示者证明身份。",
                (
                    Command(
                        "new",
                        "challenge:new",
                        "Ask whoever shows a certificate to sign a fresh question with the holder's key. "
                        "请出示者证明身份。",
                    ),
                    Command(
                        "check",
                        "challenge:check",
                        "Check the answer: did the holder of a right in force answer this question, now? "
                        "核验应答。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Operate 运行",
        "registry",
        (
            Command(
                "init",
                "registry.operate:init",
                "Create a registry: keys, chain, contracts, database. 新建登记机构。",
            ),
            Command(
                "documents",
                "registry.operate:documents",
                "Write a certificate's or licence's PDF, QR image and file. 输出证书或许可凭证。",
            ),
            Command(
                "export-trust",
                "registry.operate:export_trust",
                "Hand out the trust policy readers may pin. 导出信任策略。",
            ),
            Group(
                "witness",
                "Witnesses of the log, who cosign its heads. 日志见证方。",
                (
                    Command(
                        "add",
                        "registry.witness:add",
                        "Have a witness cosign the log's heads from now on. 增加日志见证方。",
                    ),
                    Command(
                        "remove",
                        "registry.witness:remove",
                        "Ask a witness no more; what it cosigned stays on the heads. 移除日志见证方。",
                    ),
                    Command(
                        "quorum",
                        "registry.witness:quorum",
                        "Issue nothing before so many witnesses have cosigned the head. 签发所需联署数。",
                    ),
                    Command(
                        "list",
                        "registry.witness:list_",
                        "List the witnesses, what each cosigned last, and why not since. 列出见证方。",
                    ),
                ),
            ),
            Command(
                "audit",
                "registry.operate:audit",
                "Compare chain, log, database and every dossier byte. 全面核对。Exit code "
                "1 if anything differs.",
            ),
            Command(
                "chain",
                "registry.chain:chain",
                "Tell how the network is: nodes, seals, fees, what waits; change what is known of it. "
                "链与节点状况。",
            ),
            Command(
                "settle",
                "registry.operate:settle",
                "Carry on what an interrupted command left unfinished; every writing "
                "command does so too. 续办。",
            ),
            Command(
                "calendar",
                "registry.calendar:calendar",
                "Take in a published year of working days and put it on the chain. 录入放假安排。",
            ),
            Command(
                "retention-periods",
                "registry.operate:retention_periods",
                "Set how long records are kept, no shorter than the law asks. 设定保存期限。",
            ),
            Command(
                "contact",
                "registry.contact:contact",
                "Show or change how the registry is reached; policies, pages and papers name it. 联系方式。",
            ),
            Command(
                "heartbeat",
                "registry.operate:heartbeat",
                "Have a fresh block sealed on a quiet chain, so that answers stay young. 心跳。",
            ),
            Command(
                "serve",
                "registry.serving:serve",
                "Serve the pages and the JSON interface, read-only and without keys. 网页服务。",
            ),
            Command(
                "node",
                "registry.serving:node",
                "Serve the embedded chain as a JSON-RPC node, reading beside whoever writes. 链节点服务。",
            ),
            Command(
                "demo",
                "registry.demo:demo",
                "Register the example dossiers, withdraw a consent, preserve "
                "evidence; all labelled DEMO. 演示。",
            ),
            Command(
                "timestamp",
                "registry.stamps:timestamp",
                "Have the latest anchored checkpoint time-stamped by an outside authority. 申请可信时间戳。",
            ),
            Command(
                "desk",
                "registry.organisations:desk",
                "Serve organisations and patients: holds the keys, records what they sign. 柜台服务。",
            ),
            Command(
                "accesses",
                "registry.accesses:accesses",
                "List who opened or used what, whose, when, on which basis; asking is a line too. 访问记录。",
            ),
            Command(
                "approve-bulk",
                "registry.accesses:approve_bulk",
                "Approve as a second person that someone opens many persons' records. 批准批量查阅。",
            ),
            Command(
                "backup",
                "registry.backup:backup",
                "Copy the state without the records' keys, and those into one file elsewhere. 备份。",
            ),
            Command(
                "backup-places",
                "registry.backup:places",
                "List where key files lie; erasure rewrites each of them. 密钥文件位置。",
            ),
            Command(
                "restore",
                "registry.backup:restore_state",
                "Make a state folder from a backup; what was destroyed since stays destroyed. 恢复。",
            ),
            PEOPLE,
            KEYS,
        ),
    ),
    Panel(
        "Cases 案件",
        "registry",
        (
            DECISION,
            Command(
                "apply",
                "registry.applying:apply",
                "Take in an application with its dossier, or a joint request. 提交登记申请或共同请求。",
            ),
            Command(
                "supplement",
                "registry.applying:supplement",
                "Hand in the corrected dossier that was asked for. 补正材料。",
            ),
            Command(
                "accept",
                "registry.cases:accept",
                "Accept an application (within 3 working days), deciding its procedure. 受理。",
            ),
            Command(
                "to-ordinary",
                "registry.cases:to_ordinary",
                "Move a case from the simplified to the ordinary procedure. 转为普通程序。",
            ),
            Command(
                "review",
                "registry.reviewing:review",
                "Record the registry's review with its checklist. 登记机构审查。",
            ),
            Command(
                "approve",
                "registry.cases:approve",
                "Record the committee's decision (ordinary procedure). 合规委员会决定。",
            ),
            Command(
                "publish",
                "registry.cases:publish",
                "Open publicity; the chain counts its working days. 公示。",
            ),
            Command(
                "object",
                "registry.objections:object_",
                "Raise an objection to a published case, or to a registered certificate. 提出异议。",
            ),
            Command(
                "resolve",
                "registry.objections:resolve",
                "Conclude an objection after investigation. 处理异议。",
            ),
            Command("refuse", "registry.cases:refuse", "Refuse registration, with reasons. 不予登记。"),
            Command(
                "issue",
                "registry.cases:issue",
                "Approve the final certificate or move; the last approval deposits it. 签发。",
            ),
            Command(
                "signature",
                "registry.moves:signature",
                "Take in the signature of an organisation's account under a prepared move. 录入权利人签名。",
            ),
            Group(
                "dossier",
                "Dossiers of applications. 登记材料。",
                (
                    Command(
                        "new",
                        "registry.applying:new",
                        "Make a folder with a blank application and a guide to its fields. 新建登记材料。",
                    ),
                    Command(
                        "open",
                        "registry.cases:dossier",
                        "Open a dossier for review: decrypted, whole and authenticated, or not at all. "
                        "调阅材料。",
                    ),
                ),
            ),
            Command(
                "inspect",
                "registry.inspections:inspect",
                "Record an on-site verification, enquiry or technical check. 现场核验、询问、技术核查。",
            ),
            Command(
                "request-supplement",
                "registry.cases:request_supplement",
                "Ask for all that is missing, in one list. 一次性告知补正。",
            ),
            Command("cases", "registry.cases:cases", "List all cases. 案件列表。"),
            Command(
                "show",
                "registry.cases:show",
                "Show a case as a timeline whose every line can be proved. 办理过程。",
            ),
            Group(
                "events",
                "Events of certificates, with their proofs. 证书动态。",
                (
                    Command(
                        "export",
                        "registry.events:export",
                        "Export the events of certificates in a period, with proofs and the blocks that "
                        "anchor them. 导出。",
                    ),
                    Command(
                        "verify",
                        "registry.events:verify",
                        "Check exported events offline: each in the log, each head on the chain. "
                        "核验导出的动态。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Organisations 机构",
        "registry",
        (
            Command(
                "enrol",
                "registry.organisations:enrol",
                "Enrol an organisation whose identity was checked. 机构入册。",
            ),
            Command(
                "organisations",
                "registry.organisations:organisations",
                "List organisations with their keys. 机构列表。",
            ),
            Command(
                "holder-file",
                "registry.organisations:holder_file",
                "Write what proves whose a holder's key is, with fresh evidence, for whoever asks. "
                "权利人密钥证明。",
            ),
            Command(
                "rotate-key",
                "registry.organisations:rotate_key",
                "Let an organisation's new key take over. 更换密钥。",
            ),
            Command(
                "revoke-key",
                "registry.organisations:revoke_key",
                "End a key that was lost, compromised or left behind. 吊销密钥。",
            ),
            Command(
                "veto",
                "registry.organisations:veto",
                "Bring a holder's veto of an announced replacement to the chain. 转交账户更换否决。",
            ),
            Command(
                "webhook",
                "registry.organisations:webhook",
                "Set where an organisation is told of withdrawals and disputes. 通知地址。",
            ),
            Command(
                "dismiss",
                "registry.organisations:dismiss",
                "Take a forum's or exchange's power on chain. 解除裁判机构或交易所链上权限。",
            ),
            Command(
                "appoint",
                "registry.organisations:appoint",
                "Give a dismissed forum or exchange its power on chain once more. 恢复链上权限。",
            ),
        ),
    ),
    Panel("Organisations 机构", "org", (ORG, HOLDER)),
    *RIGHTS,
)
