"""The commands of `yinzheng org`, which an organisation runs on its own machine; as `commands.py`."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.commands_direct import DIRECT
from yinzheng.api.cli.lazy import Command, Group

ORG: Final = Group(
    "org",
    "For organisations: keys, notices, consents, withdrawals. 机构端。",
    (
        Command(
            "request", "org.requests:request", "Sign and send any request; print the answer. 发送签名请求。"
        ),
        Command(
            "trust", "org.key:trust", "Pin the registry whose signature we believe in notices. 信任登记机构。"
        ),
        Command(
            "pages",
            "org.pages:pages",
            "Serve our rights, licences and requests, or an exchange's checks, receipts and reservations, to "
            "browsers of this machine. 本机页面。",
        ),
        Command(
            "uses",
            "org.uses:uses",
            "Note the uses of a spreadsheet, a row each; --template: a table to start from. "
            "批量登记使用记录。",
        ),
        Command(
            "use", "org.requests:use", "Note a use of a consent's data; the patient sees it. 登记使用记录。"
        ),
        Command(
            "notices",
            "org.withdrawals:notices",
            "Fetch what the registry has to tell, where there is no webhook. 查收通知。",
        ),
        Command(
            "verify-guardian",
            "org.withdrawals:verify_guardian",
            "Confirm, as the controller, what a guardian proved at our counter; "
            "everyone is told. 核验监护人。",
        ),
        Command(
            "freeze",
            "org.withdrawals:freeze",
            "Confirm, as the controller, that the data interfaces are shut. 确认已冻结数据接口。",
        ),
        Command(
            "destroyed",
            "org.withdrawals:destroyed",
            "Sign that what was taken back is destroyed here, or our links to it are cleared. 销毁回执。",
        ),
        Command(
            "withdraw",
            "org.withdrawals:withdraw",
            "Take in a withdrawal at a counter: everything, or the scopes and "
            "recipients named. 窗口办理撤回。",
        ),
        Command("withdrawal", "org.withdrawals:show", "Show what we owe a withdrawal. 撤回详情。"),
        Command(
            "witness",
            "org.disputes:witness",
            "Witness an item with our key: its description and its bytes. 见证证据。",
        ),
        Group(
            "key",
            "The organisation's keys. 机构密钥。",
            (
                Command(
                    "new",
                    "org.key:new",
                    "Make keys and the enrolment that an officer of the registry takes in. 新建机构密钥。",
                ),
                Command("rotate", "org.key:rotate", "Make a new key that takes over. 更换密钥。"),
                Command(
                    "lost",
                    "org.key:lost",
                    "Report a key of our own as lost or compromised, signed with a key we "
                    "still have. 报告密钥丢失或泄露。",
                ),
                Command(
                    "list", "org.key:list_keys", "List the keys this organisation made. 本机构密钥列表。"
                ),
            ),
        ),
        Group(
            "notice",
            "Notices to patients. 告知书。",
            (
                Command(
                    "publish", "org.requests:publish", "Publish a version of a notice (S10.2). 发布告知书。"
                ),
                Command(
                    "uncovered",
                    "org.requests:uncovered",
                    "List our consents in force that do not cover a version of our notice, by identifier. "
                    "不及于新版的同意。",
                ),
            ),
        ),
        Group(
            "consent",
            "One consent. 单份同意书。",
            (
                Command("add", "org.requests:add", "Register one consent (S10.3). 登记同意书。"),
                Command(
                    "receipt",
                    "org.consents:receipt",
                    "Hand out a patient's receipt: PDF and file; once, for the patient's hands alone. "
                    "患者回执。",
                ),
                Command(
                    "replace-receipt",
                    "org.consents:replace_receipt",
                    "Replace a lost receipt at a counter, having seen a document; the old one ends at once. "
                    "补发回执。",
                ),
                Command(
                    "proof-copy",
                    "org.consents:proof_copy",
                    "Make a copy that proves a consent, and with which nobody acts; it discloses a person. "
                    "证明副本。",
                ),
            ),
        ),
        Group(
            "consents",
            "Many consents. 批量同意书。",
            (
                Command(
                    "convert", "org.consents:convert", "Make a spreadsheet into consents. 表格转为同意书。"
                ),
                Command(
                    "upload",
                    "org.requests:upload",
                    "Register many consents; run again to continue. 批量登记同意书，可断点续传。",
                ),
                Command(
                    "receipts",
                    "org.requests:receipts",
                    "Fetch the patients' receipts of an upload, each once; run again to continue. "
                    "下载患者回执。",
                ),
            ),
        ),
        Group(
            "trade",
            "An exchange's checks before a trade, and certificates it keeps for one. 交易核验与预留。",
            (
                Command("check", "org.trades:check", "Ask whether a trade may go ahead. 交易前核验。"),
                Command("batch", "org.trades:batch", "Ask about many trades in one request. 批量核验。"),
                Command(
                    "receipt",
                    "org.trades:receipt",
                    "Fetch the receipt of a check with its proofs. 核验回执。",
                ),
                Command("checks", "org.trades:checks", "List what we asked, the newest first. 核验记录。"),
                Command("reserve", "org.trades:reserve", "Keep a certificate for a trade. 预留证书。"),
                Command("release", "org.trades:release", "Let a certificate go before its time. 解除预留。"),
                Command(
                    "settle",
                    "org.trades:settle",
                    "Report a trade we kept a certificate for; with both signatures that registers it. "
                    "报告成交并登记。",
                ),
                Command("reservations", "org.trades:reservations", "List our reservations. 预留列表。"),
            ),
        ),
        Group(
            "order",
            "A forum's orders about certificates, on its own signature alone. 裁判机构命令。",
            (
                Command(
                    "seize",
                    "org.orders:seize",
                    "Seize a registered certificate by an effective document. 司法查封。",
                ),
                Command("lift", "org.orders:lift", "Lift a seizure. 解除查封。"),
                Command(
                    "cancel",
                    "org.orders:cancel",
                    "Cancel a registered certificate by an effective document, for good. 依生效文书注销。",
                ),
                Command(
                    "replace",
                    "org.orders:replace_account",
                    "Sign under a holder's replacement of a lost account: it holds at once. "
                    "依生效文书更换账户。",
                ),
            ),
        ),
        DIRECT,
        Group(
            "watch",
            "Hear of every event of certificates. 证书动态。",
            (
                Command(
                    "add",
                    "org.watch:add",
                    "Watch certificates from now on: every event of them is told. 订阅证书动态。",
                ),
                Command("list", "org.watch:list_", "List what we watch. 订阅列表。"),
                Command("remove", "org.watch:remove", "Watch no more. 取消订阅。"),
                Command(
                    "listen",
                    "org.watch:listen",
                    "Print events of all we watch as they come, one a line, across restarts. 实时接收动态。",
                ),
                Command(
                    "read",
                    "org.watch:read",
                    "Check letters that came to our webhook; print what is new in them, and say what is "
                    "missing. 核对来信。",
                ),
                Command(
                    "export",
                    "org.watch:export",
                    "Fetch the events of all we watch in a period, with proofs for `yinzheng events "
                    "verify`. 导出动态。",
                ),
                Command("dead", "org.watch:dead", "List letters that our webhook never took. 未送达的来信。"),
                Command("resend", "org.watch:resend", "Have dead letters sent again. 重新投递。"),
            ),
        ),
        Group(
            "dispute",
            "Disputes and their evidence. 争议与证据。",
            (
                Command(
                    "template",
                    "org.disputes:template",
                    "Print what an item's description looks like, to be filled in. 证据说明模板。",
                ),
                Command(
                    "open",
                    "org.disputes:open_",
                    "Open a dispute; what it concerns is held at once. 立案并申请保全。",
                ),
                Command("add", "org.disputes:add", "Add evidence to a draft or an open dispute. 补充证据。"),
                Command("show", "org.disputes:show", "Show a dispute we have a part in. 争议详情。"),
                Command(
                    "discard",
                    "org.disputes:discard",
                    "Drop a draft of ours with its evidence. 撤销未提交的案件。",
                ),
                Command(
                    "prepare-release",
                    "org.disputes:prepare_release",
                    "Prepare the end of a dispute: a settlement of all parties, or our "
                    "document as its forum. 准备解除。",
                ),
                Command(
                    "sign-release",
                    "org.disputes:sign_release",
                    "Sign a release, if it names the document that we have. 签署解除。",
                ),
                Command(
                    "release",
                    "org.disputes:release",
                    "End a dispute with everyone's signatures; what waited goes on. 解除保全。",
                ),
                Command(
                    "pack",
                    "org.disputes:pack",
                    "Fetch the evidence pack, which a court checks with `yinzheng verify`. 下载证据包。",
                ),
            ),
        ),
    ),
)
