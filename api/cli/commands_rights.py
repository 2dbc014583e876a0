"""The commands about consents, disputes, withdrawals and erasure; as `commands.py`."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.lazy import Command, Group, Panel

RIGHTS: Final = (
    Panel(
        "Consents 同意",
        "registry",
        (
            Command(
                "notices",
                "registry.consents:notices",
                "List notices, the leaf hash that consents name, and withdrawals under each. 告知书列表。",
            ),
            Group(
                "consents",
                "Many consents. 批量同意。",
                (
                    Command(
                        "import",
                        "registry.consents:import_",
                        "Import consents from a file; interrupted, run it again and it goes "
                        "on. 批量导入同意。",
                    ),
                    Command("count", "registry.consents:count", "Count the consents kept here. 同意数量。"),
                ),
            ),
            Group(
                "consent",
                "One consent. 单份同意。",
                (
                    Command(
                        "receipt",
                        "registry.consents:receipt",
                        "Hand out a patient's receipt: PDF, file, QR code; once, for the patient's "
                        "hands alone. 患者回执。",
                    ),
                    Command(
                        "replace-receipt",
                        "registry.consents:replace_receipt",
                        "Replace a lost receipt at a counter, having seen a document; the old one ends "
                        "at once. 补发回执。",
                    ),
                    Command(
                        "proof-copy",
                        "registry.consents:proof_copy",
                        "Make a copy that proves a consent, and with which nobody acts; it discloses a "
                        "person. 证明副本。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Certificates 证书",
        "registry",
        (
            Command(
                "objections",
                "registry.objections:listed",
                "List objections to registered certificates, and when the registrant is told. 异议台账。",
            ),
            Group(
                "objection",
                "One objection to a registered certificate. 登记后异议。",
                (
                    Command(
                        "tell",
                        "registry.objections:told",
                        "Record that the registrant was told of an objection, by letter or at a "
                        "counter. 告知登记主体。",
                    ),
                    Command(
                        "answer",
                        "registry.objections:answered",
                        "Record what the registrant answered on paper. 记录登记主体答复。",
                    ),
                ),
            ),
            Command(
                "cancel",
                "registry.standing:cancel",
                "Move to cancel a certificate on the registry's own motion; review and publicity "
                "follow. 依职权注销。",
            ),
            Command(
                "order",
                "registry.standing:order",
                "Take in a forum's signed order, or what was told the chain directly. 收录命令或上链内容。",
            ),
            Group(
                "remark",
                "Remarks on a registered certificate. 备注。",
                (
                    Command(
                        "enter",
                        "registry.standing:enter",
                        "Enter a remark on a certificate: terms, seizure, control, pledge, other. 登记备注。",
                    ),
                    Command(
                        "lift",
                        "registry.standing:lift",
                        "Lift a remark; what a forum seized only a forum lifts. 解除备注。",
                    ),
                    Command(
                        "list",
                        "registry.standing:list_",
                        "List the remarks a certificate has and had. 备注列表。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Supervision 监管",
        "registry",
        (
            Command(
                "supervisions",
                "registry.supervision:list_",
                "List supervisions; whom they are about is shown by `supervision show`. 监管台账。",
            ),
            Group(
                "supervision",
                "A suspected breach of law by a right holder. 对权利人的监管。",
                (
                    Command(
                        "suspect",
                        "registry.supervision:suspect",
                        "Record that a right holder is suspected of a breach of law. 登记涉嫌违法线索。",
                    ),
                    Command(
                        "measure",
                        "registry.supervision:measure",
                        "Record a measure that was taken. 记录已采取的措施。",
                    ),
                    Command(
                        "report",
                        "registry.supervision:report",
                        "Record the report to the supervising body, with the report itself. "
                        "记录向主管部门的报告。",
                    ),
                    Command(
                        "close",
                        "registry.supervision:close",
                        "End a supervision; what was measured is reported first. 结案。",
                    ),
                    Command(
                        "show",
                        "registry.supervision:show",
                        "Show a supervision, step by step, and write out its files. 查看监管案卷。",
                    ),
                    Command(
                        "figure",
                        "registry.supervision:figure",
                        "Count supervisions year by year, as the pages tell everyone. 年度监管数据。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Disputes 争议",
        "registry",
        (
            Command("disputes", "registry.disputes:disputes", "List all disputes. 争议列表。"),
            Command(
                "pack",
                "registry.disputes:pack",
                "Make the evidence pack of a dispute, which a court checks with `yinzheng verify`. 证据包。",
            ),
            Group(
                "dispute",
                "One dispute and its evidence. 争议与证据。",
                (
                    Command(
                        "show",
                        "registry.disputes:show_",
                        "Show a dispute: forum, parties, what it holds, its evidence, its end. 争议详情。",
                    ),
                    Command(
                        "preserve",
                        "registry.disputes:preserve_",
                        "Preserve evidence from the ledger itself, or files handed in. 登记机构固定证据。",
                    ),
                ),
            ),
        ),
    ),
    Panel(
        "Withdrawals 撤回",
        "registry",
        (
            Command(
                "withdraw",
                "registry.withdrawals:withdraw",
                "Receive a withdrawal at a counter: all of a consent, or scopes and "
                "recipients. 柜台受理撤回。",
            ),
            Command(
                "guardian-documents",
                "registry.withdrawals:guardian_documents",
                "Write out what a guardian sent in, to be looked at; deleted once verified. 导出监护人证件。",
            ),
            Command(
                "verify-guardian",
                "registry.withdrawals:verify_guardian",
                "Verify a guardian's withdrawal: identity, live face and guardianship; "
                "everyone is told. 核验监护人。",
            ),
            Command(
                "withdrawals",
                "registry.withdrawals:withdrawals",
                "List withdrawals that are not completed, oldest first. 未完成的撤回。",
            ),
            Command(
                "withdrawal",
                "registry.withdrawals:withdrawal",
                "Show how a withdrawal stands: who answered, what is due, what remains. 撤回进度。",
            ),
            Command(
                "restrict",
                "registry.withdrawals:restrict",
                "Keep data that the law requires to be kept: stored and protected, nothing else. 限制处理。",
            ),
            Command(
                "deliver",
                "registry.withdrawals:deliver",
                "Send the notices that are due to organisations, once; the desk does "
                "so by itself. 发送通知。",
            ),
        ),
    ),
    Panel(
        "Erasure 销毁",
        "registry",
        (
            Command(
                "erasures",
                "registry.erasure:list_erasures",
                "List erasures proposed, approved and carried out. 销毁台账。",
            ),
            Command(
                "retention",
                "registry.erasure:retention",
                "List what may be destroyed now: withdrawn as a whole, or beyond its retention. 可销毁清单。",
            ),
            Group(
                "erase",
                "Destroy a record with proof. 销毁档案。",
                (
                    Command(
                        "propose",
                        "registry.erasure:propose",
                        "Propose to destroy a record; nothing is destroyed yet. 提出销毁。",
                    ),
                    Command(
                        "approve", "registry.erasure:approve", "Approve an erasure, in order. 审批销毁。"
                    ),
                    Command(
                        "witness",
                        "registry.erasure:witness",
                        "Sign an approved erasure as a witness. 见证销毁。",
                    ),
                    Command(
                        "carry-out",
                        "registry.erasure:carry_out",
                        "Destroy what was approved; it does not come back. 执行销毁。Repeated, it "
                        "finishes what was begun.",
                    ),
                    Command(
                        "drop",
                        "registry.erasure:drop",
                        "Give up an erasure that is not carried out, such as one overtaken by "
                        "new statements. 放弃销毁。",
                    ),
                ),
            ),
        ),
    ),
)
