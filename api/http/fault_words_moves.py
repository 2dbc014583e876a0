"""Why the registry takes in no move and no contract (`fault_words`): by which rule, and what to do."""

from __future__ import annotations

from typing import Final

from yinzheng.api.http.fault import Fault
from yinzheng.verifier.words.phrase import Phrase as Label

MOVES: Final = {
    "limits-forbid": Fault(
        Label("证书所载限制禁止此项许可或转让（R45）。", "The certificate’s limits forbid this (R45)."),
        Label(
            "请只申请限制之内的内容，或先办理变更（R6）。",
            "Ask for what they leave, or have the certificate changed first (R6).",
        ),
    ),
    "licence-term": Fault(
        Label(
            "许可期限已过，或超出证书有效期（R4）。",
            "The licence’s term is past, or beyond the certificate’s (R4).",
        ),
        Label("请填写证书有效期之内的期限。", "Let it end with the certificate at the latest."),
    ),
    "licence-empty": Fault(
        Label("许可须写明权利、行为和地域（R5）。", "A licence names rights, acts and territory (R5)."),
        Label("请补充后重新签名。", "Name them, and sign anew."),
    ),
    "rights-not-held": Fault(
        Label(
            "许可人或转让人在此证书下没有这项权利（R4）。",
            "Who licenses or transfers does not hold this right (R4).",
        ),
        Label("请核对证书所载的权利人和权利。", "See who holds what under the certificate."),
    ),
    "exclusive-overlaps": Fault(
        Label(
            "与尚在有效的独占许可重叠（R45）。", "It overlaps an exclusive licence that is in force (R45)."
        ),
        Label("请缩小权利、行为、地域或期限。", "Ask for other rights, acts, territory or time."),
    ),
    "move-barred": Fault(
        Label(
            "证书现有查封、保全、预留、异议，或已失效，不能办理（R12、R16、R38、R46）。",
            "The certificate is seized, held, reserved, objected to, or over (R12, R16, R38, R46).",
        ),
        Label(
            "请等其解除后再申请；已失效的，请就接续它的证书办理。本次没有记录任何内容。",
            "Wait until that has ended; of one that is over, ask about what follows. Nothing was recorded.",
        ),
    ),
    "request-holders": Fault(
        Label(
            "须由证书的全体权利人共同申请并签名（R5）。",
            "All holders of the certificate ask for it together (R5).",
        ),
        Label("请列明全体权利人，并由各方签名。", "List all of them, and have each sign."),
    ),
    "renewal-outside": Fault(
        Label(
            "续期须在到期前六个月起至到期前一日提出（R10）。",
            "A renewal is asked for from six months before the end until the day before (R10).",
        ),
        Label("请在期间内提出。", "Ask within that time."),
    ),
    "change-holder": Fault(
        Label(
            "所列机构不是此证书的权利人（R6）。", "Somebody named holds nothing under the certificate (R6)."
        ),
        Label("权利只能通过转让移转给他人。", "A right passes to somebody else by transfer alone."),
    ),
    "change-refused": Fault(
        Label(
            "适用规则不允许变更这一项（R6）。", "The rules of this certificate do not let that change (R6)."
        ),
        Label("来源或权利不同，须另行登记。", "Another source or another right is another registration."),
    ),
    "change-nothing": Fault(
        Label("变更后的内容与现在相同（R6）。", "It would read as before (R6)."),
        Label("请只写需要变更的内容。", "Ask only for what is to read otherwise."),
    ),
    "request-certificate": Fault(
        Label("证书编号与存证内容不符。", "The certificate was not deposited with that content."),
        Label("请从证书本身取得编号和哈希。", "Take number and leaf hash from the certificate itself."),
    ),
    "type-unavailable": Fault(
        Label(
            "此证书适用的规则没有这种登记（R1）。",
            "The rules of this certificate have no such registration (R1).",
        ),
        Label("请核对适用规则。", "See which rules it was registered under."),
    ),
    "licence-unknown": Fault(
        Label("此证书下没有这份许可。", "No such licence was given under this certificate."),
        Label("请核对许可凭证上的编号。", "Take both numbers from the voucher."),
    ),
    "licence-over": Fault(
        Label("许可已经终止或到期。", "The licence has ended, or has run out."),
        Label("无需再终止。", "There is nothing to end."),
    ),
    "approval-malformed": Fault(
        Label("这不是账户签名（应为 65 字节）。", "This is no account’s signature of 65 bytes."),
        Label("请重新签署备妥的内容。", "Sign what is prepared once more."),
    ),
    "approval-twice": Fault(
        Label("该账户已经签过。", "This account has signed already."),
        Label("请等其他方签名。", "Wait for the others."),
    ),
    "approval-account": Fault(
        Label(
            "该机构现在没有可签名的账户（R41）。", "This organisation has no account that may sign now (R41)."
        ),
        Label("请先更换账户。", "Replace the account first."),
    ),
    "organisation-unknown": Fault(
        Label("该机构没有在此登记机构备案。", "No such organisation is enrolled here."),
        Label("请先办理机构备案。", "Have an officer enrol it first."),
    ),
    "request-mismatch": Fault(
        Label("签名所对应的不是这次请求。", "What was signed is another request than the one that came."),
        Label("请对实际发送的内容重新签名。", "Sign exactly what is sent."),
    ),
    "webhook-address": Fault(
        Label("这个地址不能接收通知。", "This is no address to deliver to."),
        Label(
            "须为 https 地址，不含用户名、密码和片段。", "An https URL without user, password and fragment."
        ),
    ),
    "webhook-private": Fault(
        Label("这个地址不在公开的互联网上。", "This address is not on the open Internet."),
        Label(
            "请改用公网 https 地址；登记机构可以另行允许自己的网络。",
            "An https address of the open Internet; the registry may allow networks of its own.",
        ),
    ),
    "clause-both": Fault(
        Label("条款不能既适用又不适用（R56）。", "A clause applies, or does not, never both (R56)."),
        Label("请只选其一。", "Write one of the two."),
    ),
    "clause-neither": Fault(
        Label(
            "条款须写明适用还是不适用，适用的须写明内容（R56）。",
            "A clause says whether it applies, and how (R56).",
        ),
        Label("请补充条款。", "Complete the clause."),
    ),
    "contract-refused": Fault(
        Label("合同不符合登记规则（R45、R56）。", "The contract is not lawful (R45, R56)."),
        Label(
            "请修改所列条款，由双方重新签名。", "Change the clauses that are named, and have both sign anew."
        ),
    ),
    "contract-unsigned": Fault(
        Label("双方没有全部签名（R56）。", "Not both parties have signed (R56)."),
        Label("请由双方分别签名。", "Each signs offline."),
    ),
    "contract-signature": Fault(
        Label(
            "一方的签名不是用其现在有效的密钥作出（R41）。",
            "A party’s signature is not by a key that holds now (R41).",
        ),
        Label("请用已备案的密钥重新签名。", "Sign anew with the key that is enrolled."),
    ),
    "contract-known": Fault(
        Label("这份合同已经登记。", "This contract is recorded already."),
        Label("无需再次提交。", "Nothing is left to do."),
    ),
    "contract-stranger": Fault(
        Label(
            "合同须由买方、卖方或交易所提交（R56）。",
            "Seller, buyer or an exchange hands a contract in (R56).",
        ),
        Label("请由合同一方提交。", "Have a party to it hand it in."),
    ),
}
