"""The commands `yinzheng holder …`: what a holder of rights runs. As `commands.py`."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.lazy import Command, Group

HOLDER: Final = Group(
    "holder",
    "For holders of rights: their SM2 key and account, and what they sign. 权利人。",
    (
        Command(
            "answer",
            "org.holder:answer",
            "Answer somebody who asks whether we hold a certificate, with our key. 应答证书身份询问。",
        ),
        Command(
            "prove",
            "org.holder:prove",
            "Prove a certificate to one reader, for one purpose and a time, with our key. 出具专用证明。",
        ),
        Command(
            "veto",
            "org.holder:veto",
            "Refuse an announced replacement of our account, by the account itself. 否决账户更换。",
        ),
        Group(
            "contract",
            "A contract about data. 数据交易合同。",
            (
                Command(
                    "template",
                    "org.holder_contract:template",
                    "Write a contract to be filled in: every clause, none applying yet. 合同模板。",
                ),
                Command(
                    "show",
                    "org.holder_contract:show",
                    "Read a contract: every clause, who signed, and its digest for a trade check. 查看合同。",
                ),
                Command(
                    "sign",
                    "org.holder_contract:sign",
                    "Sign a contract as one of its parties, offline; the file then bears the signature "
                    "too. 签署合同。",
                ),
                Command(
                    "send",
                    "org.holder_contract:send",
                    "Hand in a contract that both signed; the registry records it, or says what refuses "
                    "it. 提交合同。",
                ),
                Command(
                    "print",
                    "org.holder_contract:print_",
                    "Print a contract: every clause, who signed, and its file attached, which proves it. "
                    "打印合同。",
                ),
                Command(
                    "event",
                    "org.holder_contract:event",
                    "Tell what happened under a contract of ours (S21.9). 登记交付、验收、异议、跟踪、终止。",
                ),
                Command(
                    "destroyed",
                    "org.holder_contract:destroyed",
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
                    "org.holder:new",
                    "Make a holder's SM2 key and account, and the enrolment that proves both. "
                    "新建权利人密钥与账户。",
                ),
                Command(
                    "finish",
                    "org.holder:finish",
                    "Complete an enrolment with the signature of an account whose key lies "
                    "elsewhere. 补入账户签名。",
                ),
                Command(
                    "rotate",
                    "org.holder:rotate",
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
                    "org.holder_requests:licence",
                    "Draft the request for a licence that we give. 起草许可请求。",
                ),
                Command(
                    "licence-end",
                    "org.holder_requests:licence_end",
                    "Draft the request to end a licence before its term. 起草许可终止请求。",
                ),
                Command(
                    "transfer",
                    "org.holder_requests:transfer",
                    "Draft the request to transfer rights of ours. 起草转让请求。",
                ),
                Command(
                    "change",
                    "org.holder_requests:change",
                    "Draft the request to have the certificate read otherwise. 起草变更请求。",
                ),
                Command(
                    "renewal",
                    "org.holder_requests:renewal",
                    "Draft the request for a further term, in the six months before the last day. "
                    "起草续期请求。",
                ),
                Command(
                    "cancellation",
                    "org.holder_requests:cancellation",
                    "Draft the request to have the certificate cancelled for good. 起草注销请求。",
                ),
            ),
        ),
        Command(
            "rights",
            "org.holder_rights:rights",
            "List the certificates under which we have rights, the newest first. 我的权利。",
        ),
        Command(
            "licences",
            "org.holder_rights:licences",
            "List the licences that we gave or took, the newest first. 我的许可。",
        ),
        Command(
            "objections",
            "org.holder_objections:listed",
            "List the open objections to a certificate of ours, the newest first. 对我方证书的异议。",
        ),
        Group(
            "objection",
            "One objection to a certificate of ours. 对我方证书的一项异议。",
            (
                Command(
                    "answer",
                    "org.holder_objections:answer",
                    "Agree to an objection, or explain ourselves; the registry then concludes it. 答复异议。",
                ),
            ),
        ),
        Command(
            "authorise",
            "org.holder_signing:authorise",
            "Let another party sign a request in our name. 授权对方签署。",
        ),
        Command(
            "submit",
            "org.holder_signing:submit",
            "Hand a signed request, or the signature under what is prepared, to the registry's desk. "
            "提交柜台。",
        ),
        Command(
            "requests",
            "org.holder_signing:requests",
            "List the moves that concern us; of one, fetch what waits for our signature. 与我方有关的请求。",
        ),
        Command(
            "sign",
            "org.holder_signing:sign",
            "Sign a request with the SM2 key, or with the account what the registry prepared of it. 签署。",
        ),
    ),
)
