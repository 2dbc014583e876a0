"""The commands of `yinzheng org`, which an organisation runs on its own machine; as `commands.py`."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.commands_direct import DIRECT
from yinzheng.api.cli.lazy import Command, Group

ORG: Final = Group(
    "org",
    "For organisations: keys, notices, consents, withdrawals. 机构端。",
    (
        Command("request", "org:request", "Sign and send any request; print the answer. 发送签名请求。"),
        Command(
            "trust", "org_key:trust", "Pin the registry whose signature we believe in notices. 信任登记机构。"
        ),
        Command(
            "pages",
            "org_pages:pages",
            "Serve our rights, licences and requests, or an exchange's checks, receipts and reservations, to "
            "browsers of this machine. 本机页面。",
        ),
        Command("use", "org:use", "Note a use of a consent's data; the patient sees it. 登记使用记录。"),
        Command(
            "notices",
            "org_withdrawals:notices",
            "Fetch what the registry has to tell, where there is no webhook. 查收通知。",
        ),
        Command(
            "guardian",
            "org_withdrawals:guardian_",
            "Confirm, as the controller, what a guardian proved at our counter; "
            "everyone is told. 核验监护人。",
        ),
        Command(
            "freeze",
            "org_withdrawals:freeze",
            "Confirm, as the controller, that the data interfaces are shut. 确认已冻结数据接口。",
        ),
        Command(
            "destroyed",
            "org_withdrawals:destroyed",
            "Sign that what was taken back is destroyed here, or our links to it are cleared. 销毁回执。",
        ),
        Command(
            "withdraw",
            "org_withdrawals:withdraw",
            "Take in a withdrawal at a counter: everything, or the scopes and "
            "recipients named. 窗口办理撤回。",
        ),
        Command("withdrawal", "org_withdrawals:show", "Show what we owe a withdrawal. 撤回详情。"),
        Command(
            "witness",
            "org_disputes:witness",
            "Witness an item with our key: its description and its bytes. 见证证据。",
        ),
        Group(
            "key",
            "The organisation's keys. 机构密钥。",
            (
                Command(
                    "new",
                    "org_key:new",
                    "Make keys and the enrolment that an officer of the registry takes in. 新建机构密钥。",
                ),
                Command("rotate", "org_key:rotate", "Make a new key that takes over. 更换密钥。"),
                Command(
                    "lost",
                    "org_key:lost",
                    "Report a key of our own as lost or compromised, signed with a key we "
                    "still have. 报告密钥丢失或泄露。",
                ),
                Command(
                    "list", "org_key:list_keys", "List the keys this organisation made. 本机构密钥列表。"
                ),
            ),
        ),
        Group(
            "notice",
            "Notices to patients. 告知书。",
            (
                Command("publish", "org:publish", "Publish a version of a notice (S10.2). 发布告知书。"),
                Command(
                    "uncovered",
                    "org:uncovered",
                    "List our consents in force that do not cover a version of our notice, by identifier. "
                    "不及于新版的同意。",
                ),
            ),
        ),
        Group(
            "consent",
            "One consent. 单份同意书。",
            (Command("add", "org:add", "Register one consent (S10.3). 登记同意书。"),),
        ),
        Group(
            "consents",
            "Many consents. 批量同意书。",
            (
                Command(
                    "convert", "org_consents:convert", "Make a spreadsheet into consents. 表格转为同意书。"
                ),
                Command(
                    "upload",
                    "org:upload",
                    "Register many consents; run again to continue. 批量登记同意书，可断点续传。",
                ),
                Command(
                    "receipts",
                    "org:receipts",
                    "Fetch the patients' receipts of an upload, each once; run again to continue. "
                    "下载患者回执。",
                ),
            ),
        ),
        Group(
            "trade",
            "An exchange's checks before a trade, and certificates it keeps for one. 交易核验与预留。",
            (
                Command("check", "org_trades:check", "Ask whether a trade may go ahead. 交易前核验。"),
                Command("batch", "org_trades:batch", "Ask about many trades in one request. 批量核验。"),
                Command(
                    "receipt",
                    "org_trades:receipt",
                    "Fetch the receipt of a check with its proofs. 核验回执。",
                ),
                Command("checks", "org_trades:checks", "List what we asked, the newest first. 核验记录。"),
                Command("reserve", "org_trades:reserve", "Keep a certificate for a trade. 预留证书。"),
                Command("release", "org_trades:release", "Let a certificate go before its time. 解除预留。"),
                Command(
                    "settle",
                    "org_trades:settle",
                    "Report a trade we kept a certificate for; with both signatures that registers it. "
                    "报告成交并登记。",
                ),
                Command("reservations", "org_trades:reservations", "List our reservations. 预留列表。"),
            ),
        ),
        Group(
            "order",
            "A forum's orders about certificates, on its own signature alone. 裁判机构命令。",
            (
                Command(
                    "seize",
                    "org_orders:seize",
                    "Seize a registered certificate by an effective document. 司法查封。",
                ),
                Command("lift", "org_orders:lift", "Lift a seizure. 解除查封。"),
                Command(
                    "cancel",
                    "org_orders:cancel",
                    "Cancel a registered certificate by an effective document, for good. 依生效文书注销。",
                ),
                Command(
                    "replace",
                    "org_orders:replace_account",
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
                    "org_watch:add",
                    "Watch certificates from now on: every event of them is told. 订阅证书动态。",
                ),
                Command("list", "org_watch:list_", "List what we watch. 订阅列表。"),
                Command("remove", "org_watch:remove", "Watch no more. 取消订阅。"),
                Command(
                    "listen",
                    "org_watch:listen",
                    "Print events of all we watch as they come, one a line, across restarts. 实时接收动态。",
                ),
                Command(
                    "read",
                    "org_watch:read",
                    "Check letters that came to our webhook; print what is new in them, and say what is "
                    "missing. 核对来信。",
                ),
                Command(
                    "export",
                    "org_watch:export",
                    "Fetch the events of all we watch in a period, with proofs for `yinzheng events "
                    "verify`. 导出动态。",
                ),
                Command("dead", "org_watch:dead", "List letters that our webhook never took. 未送达的来信。"),
                Command("resend", "org_watch:resend", "Have dead letters sent again. 重新投递。"),
            ),
        ),
        Group(
            "dispute",
            "Disputes and their evidence. 争议与证据。",
            (
                Command(
                    "template",
                    "org_disputes:template",
                    "Print what an item's description looks like, to be filled in. 证据说明模板。",
                ),
                Command(
                    "open",
                    "org_disputes:open_",
                    "Open a dispute; what it concerns is held at once. 立案并申请保全。",
                ),
                Command("add", "org_disputes:add", "Add evidence to a draft or an open dispute. 补充证据。"),
                Command("show", "org_disputes:show", "Show a dispute we have a part in. 争议详情。"),
                Command(
                    "discard",
                    "org_disputes:discard",
                    "Drop a draft of ours with its evidence. 撤销未提交的案件。",
                ),
                Command(
                    "prepare-release",
                    "org_disputes:prepare_release",
                    "Prepare the end of a dispute: a settlement of all parties, or our "
                    "document as its forum. 准备解除。",
                ),
                Command(
                    "sign-release",
                    "org_disputes:sign_release",
                    "Sign a release, if it names the document that we have. 签署解除。",
                ),
                Command(
                    "release",
                    "org_disputes:release",
                    "End a dispute with everyone's signatures; what waited goes on. 解除保全。",
                ),
                Command(
                    "pack",
                    "org_disputes:pack",
                    "Fetch the evidence pack, which a court checks with `yinzheng verify`. 下载证据包。",
                ),
            ),
        ),
    ),
)

HOLDER: Final = Group(
    "holder",
    "For holders of rights: their SM2 key and account, and what they sign. 权利人。",
    (
        Command(
            "answer",
            "holder:answer",
            "Answer somebody who asks whether we hold a certificate, with our key. 应答证书身份询问。",
        ),
        Command(
            "prove",
            "holder:prove",
            "Prove a certificate to one reader, for one purpose and a time, with our key. 出具专用证明。",
        ),
        Command(
            "veto",
            "holder:veto",
            "Refuse an announced replacement of our account, by the account itself. 否决账户更换。",
        ),
        Group(
            "contract",
            "A contract about data. 数据交易合同。",
            (
                Command(
                    "template",
                    "holder_contract:template",
                    "Write a contract to be filled in: every clause, none applying yet. 合同模板。",
                ),
                Command(
                    "show",
                    "holder_contract:show",
                    "Read a contract: every clause, who signed, and its digest for a trade check. 查看合同。",
                ),
                Command(
                    "sign",
                    "holder_contract:sign",
                    "Sign a contract as one of its parties, offline; the file then bears the signature "
                    "too. 签署合同。",
                ),
                Command(
                    "send",
                    "holder_contract:send",
                    "Hand in a contract that both signed; the registry records it, or says what refuses "
                    "it. 提交合同。",
                ),
                Command(
                    "print",
                    "holder_contract:print_",
                    "Print a contract: every clause, who signed, and its file attached, which proves it. "
                    "打印合同。",
                ),
                Command(
                    "event",
                    "holder_contract:event",
                    "Tell what happened under a contract of ours (S21.9). 登记交付、验收、异议、跟踪、终止。",
                ),
                Command(
                    "destroyed",
                    "holder_contract:destroyed",
                    "Sign that what a contract was about is destroyed here. 销毁回执。",
                ),
            ),
        ),
        Group(
            "key",
            "A holder's keys. 权利人密钥。",
            (
                Command(
                    "new",
                    "holder:new",
                    "Make a holder's SM2 key and account, and the enrolment that proves both. "
                    "新建权利人密钥与账户。",
                ),
                Command(
                    "finish",
                    "holder:finish",
                    "Complete an enrolment with the signature of an account whose key lies "
                    "elsewhere. 补入账户签名。",
                ),
                Command(
                    "rotate",
                    "holder:rotate",
                    "Make a holder's new SM2 key, or key and account, for an officer to bind. "
                    "更换密钥或账户。",
                ),
            ),
        ),
        Group(
            "request",
            "What a holder asks for, drafted for the other party and the registry. 起草共同请求。",
            (
                Command(
                    "licence",
                    "holder_requests:licence",
                    "Draft the request for a licence that we give. 起草许可请求。",
                ),
                Command(
                    "licence-end",
                    "holder_requests:licence_end",
                    "Draft the request to end a licence before its term. 起草许可终止请求。",
                ),
                Command(
                    "transfer",
                    "holder_requests:transfer",
                    "Draft the request to transfer rights of ours. 起草转让请求。",
                ),
                Command(
                    "change",
                    "holder_requests:change",
                    "Draft the request to have the certificate read otherwise. 起草变更请求。",
                ),
                Command(
                    "renewal",
                    "holder_requests:renewal",
                    "Draft the request for a further term, in the six months before the last day. "
                    "起草续期请求。",
                ),
                Command(
                    "cancellation",
                    "holder_requests:cancellation",
                    "Draft the request to have the certificate cancelled for good. 起草注销请求。",
                ),
            ),
        ),
        Command(
            "rights",
            "holder_rights:rights",
            "List the certificates under which we have rights, the newest first. 我的权利。",
        ),
        Command(
            "licences",
            "holder_rights:licences",
            "List the licences that we gave or took, the newest first. 我的许可。",
        ),
        Command(
            "authorise",
            "holder_requests:authorise",
            "Let another party sign a request in our name. 授权对方签署。",
        ),
        Command(
            "submit",
            "holder_requests:submit",
            "Hand a signed request, or the signature under what is prepared, to the registry's desk. "
            "提交柜台。",
        ),
        Command(
            "requests",
            "holder_requests:requests",
            "List the moves that concern us; of one, fetch what waits for our signature. 与我方有关的请求。",
        ),
        Command(
            "sign",
            "holder_requests:sign",
            "Sign a request with the SM2 key, or with the account what the registry prepared of it. 签署。",
        ),
    ),
)
