"""What went wrong on an organisation's own pages, and what its desk refused there (`fault_words`)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.http.fault import Fault
from yinzheng.verifier.words.phrase import Phrase as Label

_AGAIN: Final = Label("请重新打开页面再试。", "Open the page again.")
_LATER: Final = Label("请稍后再试。", "Try again later.")
_NOTHING: Final = Label(
    "不要签署，请向登记机构查询，并与原请求核对。",
    "Sign nothing; ask the registry, and compare with the request.",
)

_WHOLE: Final = Label(
    "请选择 request.json 和请求所列的全部材料，文件名与内容不变。",
    "Choose request.json with all its documents, their names and contents unchanged.",
)
_OWN_ONLY: Final = Label("各机构提交自己的签名和请求。", "Each organisation hands in its own.")
_PARTIES: Final = Label(
    "没有记录任何内容。请与对方核对后重做请求，双方再签。",
    "Nothing was recorded. Compare with the other party, make it anew, and have both sign.",
)
_OFFICER: Final = Label("请联系登记机构的经办人。", "Ask an officer of the registry.")
_TRUST: Final = Label(
    "向登记机构索取现行的 trust.json，然后运行 yinzheng org trust trust.json。",
    "Get the registry’s present trust.json from an officer, then: yinzheng org trust trust.json.",
)
_DESK: Final = Label(
    "请检查网络和柜台地址（--desk、YINZHENG_DESK），稍后再试；自建机构签发的证书，用 SSL_CERT_FILE 指明。",
    "Check network and address (--desk, YINZHENG_DESK); try later. SSL_CERT_FILE names one’s own authority.",
)
_CLOCK: Final = Label("请校准本机时钟再试。", "Set the clock, and try again.")

OWN: Final = {
    "pages-closed": Fault(
        Label("这些页面不对本浏览器开放。", "These pages are closed to this browser."),
        Label(
            "请打开程序（yinzheng org pages）最后显示的地址；每个地址只能用一次，十五分钟内有效。",
            "Open the address that the program (yinzheng org pages) printed last; each is good once, for "
            "15 minutes.",
        ),
    ),
    "pages-late": Fault(
        Label("这个地址已过期。", "This address was printed too long ago."),
        Label(
            "程序（yinzheng org pages）刚刚显示了新的地址，请打开新地址。",
            "Open the one that the program (yinzheng org pages) printed just now.",
        ),
    ),
    "pages-host": Fault(
        Label("这些页面不在这个地址。", "These pages are not at that address."),
        Label("请使用程序显示的地址。", "Use the address that the program printed."),
    ),
    "pages-elsewhere": Fault(Label("这个请求来自别的页面。", "Another page made this request."), _AGAIN),
    "pages-form": Fault(Label("这份表单不是本页面的。", "This form is not one of these pages."), _AGAIN),
    "desk-unreachable": Fault(
        Label("登记机构的柜台没有应答。", "The registry’s desk does not answer."), _DESK
    ),
    "desk-untrusted": Fault(
        Label("柜台的 TLS 证书不受本机信任。", "The desk does not prove who it is (TLS)."), _DESK
    ),
    "desk-other": Fault(
        Label("这个地址的应答不是柜台发出的。", "What answers at that address is no desk."), _DESK
    ),
    "request-key-unknown": Fault(
        Label("柜台不认识本机构的密钥。", "The desk does not know this organisation’s key."),
        Label("请先由登记机构登记，或更换密钥后再试。", "Have it enrolled by an officer first."),
    ),
    "form-term": Fault(
        Label("期限须同时填写起止日期。", "A term has a first and a last day."),
        Label("请都填写，或都留空。", "Give both, or neither."),
    ),
    "reserve-form": Fault(
        Label("请填写证书编号和整小时数。", "A certificate’s number and whole hours are wanted."),
        Label("最长 72 小时。", "At most 72 hours."),
    ),
    "upload-empty": Fault(
        Label("没有选择文件。", "No file was chosen."),
        Label("请选择签署好的文件。", "Choose what was signed."),
    ),
    "upload-other": Fault(
        Label(
            "这既不是一份签名，也不是一份请求连同其材料。",
            "This is neither one signature nor one request with its documents.",
        ),
        Label(
            "请选择 yinzheng holder sign --out 写出的签名文件，或 request.json 连同其全部材料。",
            "Choose the file that yinzheng holder sign --out wrote, or request.json with its documents.",
        ),
    ),
    "nothing-prepared": Fault(
        Label(
            "目前没有可签署的内容，或已超过一天。", "Nothing waits for a signature, or it is over a day old."
        ),
        Label("登记机构重新备妥后再签。", "The registry prepares it anew first."),
    ),
    "approval-order": Fault(
        Label("须由登记机构（及合规委员会）先行签署。", "The registry and its committee approve first."),
        _LATER,
    ),
    "answer-form": Fault(
        Label("请选择同意或说明，并写明理由。", "Choose to agree or to explain, and say why."), _AGAIN
    ),
    "objection-answered": Fault(
        Label("本异议已经答复过。", "This objection was answered already."),
        Label("每件异议只答复一次。", "Each is answered once."),
    ),
    "objection-unknown": Fault(
        Label("没有这件未结异议。", "There is no such open objection."),
        Label("它可能已经办结。", "It may be concluded by now."),
    ),
    "approval-settles": Fault(
        Label(
            "交易所以结算报告签署，报告须指明合同。",
            "An exchange signs by its report on the trade, which names the contract.",
        ),
        Label("请在“预留”页面报告结算。", "Report it on the page of reservations."),
    ),
    "approval-stranger": Fault(
        Label("此案没有需要本机构签署的内容。", "This organisation has nothing to sign here."),
        Label("请核对案件编号。", "Check the case’s reference."),
    ),
    "signer-not-holder": Fault(
        Label(
            "这不是本机构当前账户对现有内容的签名。",
            "Our current account did not sign this, but something else or somebody else.",
        ),
        Label("请对现在备妥的内容重新签署。", "Sign anew what is prepared now."),
    ),
    "approval-request": Fault(
        Label("备妥的内容与请求不符。", "What is prepared is not what was asked for."), _NOTHING
    ),
    "approval-content": Fault(
        Label("所示内容与将要签署的不一致。", "What is shown is not what would be signed."), _NOTHING
    ),
    "approval-message": Fault(
        Label(
            "这不是本登记机构关于权利的决定。", "This is no decision about a right, or another registry’s."
        ),
        _NOTHING,
    ),
    "request-not-ours": Fault(
        Label("所示请求不是本机构签署过的。", "The request shown is none that this organisation signed."),
        _NOTHING,
    ),
    "request-again": Fault(
        Label(
            "这份请求此前已在另一案中备妥过；一份请求只能用一次。",
            "This request was prepared before, in another case; it is good once.",
        ),
        _NOTHING,
    ),
    "request-under-way": Fault(
        Label(
            "这份证书已有变更或续期在办，办结后原证书即被取代，不能再就它收下这一件。",
            "A change or renewal that will replace this certificate is under way; this one is not taken in.",
        ),
        Label(
            "请补正那一件，或等它办结；办结后须就新的证书另行申请。",
            "Have that one supplemented, or wait until it is decided and ask about the new certificate.",
        ),
    ),
    "request-taken": Fault(
        Label("这份请求已经提交过。", "This very request was taken in before."),
        Label("一份请求只能用一次，请另行起草。", "A request is good once; draft another."),
    ),
    "joint-unsigned": Fault(
        Label("请求还没有得到各方签署。", "Not every party has signed the request."),
        Label("请各方签署后再提交。", "Hand it in once each has signed."),
    ),
    "joint-signature": Fault(
        Label("请求中有一方的签名不成立。", "A party’s signature of the request does not hold."),
        Label("请重新签署；一字不能改动。", "Have it signed again; not a character may differ."),
    ),
    "document-differs": Fault(
        Label("材料与签署的请求不符。", "A document is not the one that was signed."),
        Label("请提交原文件，不能改动。", "Hand in the very files, byte for byte."),
    ),
    "account-elsewhere": Fault(
        Label("本机构账户的密钥不在这台机器上。", "The key of this organisation’s account is not here."),
        Label("请在保管密钥的机器上签署。", "Sign where it lies."),
    ),
    "certificate-reserved": Fault(
        Label(
            "该证书已被预留，或有预留正在上链。",
            "This certificate is reserved, or a reservation is on its way to the chain.",
        ),
        Label("先到先得；预留结束后再试。", "Whoever came first has it; ask again when that has ended."),
    ),
    "reservation-differs": Fault(
        Label("该证书已被预留，且不是为这次办理。", "This certificate is reserved, and not for this."),
        Label(
            "由预留的交易所成交或解除，或等预留结束后再试。",
            "Whoever reserved it settles or releases it; or ask again when that has ended.",
        ),
    ),
    "reservation-unstated": Fault(
        Label(
            "该预留由交易所直接上链，登记簿尚无其指令。",
            "The exchange told the contracts of this reservation itself; the log has no statement of it.",
        ),
        Label("请补交预留指令。", "Hand its order in; until then the chain alone has it."),
    ),
    "reservation-too-soon": Fault(
        Label("本所对该证书的上一次预留刚刚结束。", "This exchange’s last reservation of it has just ended."),
        Label(
            "请隔一天再预留：证书不得被连续预留超过 72 小时。",
            "Wait a day: a certificate is not kept from trade for longer than 72 hours.",
        ),
    ),
    "reservation-long": Fault(
        Label("预留最长 72 小时。", "A reservation lasts 72 hours at most."),
        Label("请改短时间。", "Make it shorter."),
    ),
    "reservation-unknown": Fault(
        Label("没有这项可以解除的预留。", "There is no such reservation that could be released."), _AGAIN
    ),
    "reservation-over": Fault(
        Label("这项预留已经结束。", "This reservation is over."),
        Label("请看预留列表中的状态。", "See how it stands in the list."),
    ),
    "settlement-kind": Fault(
        Label("预留只用于许可或转让。", "A reservation settles a licence or a transfer alone."),
        Label("请核对案件编号。", "Check the case’s reference."),
    ),
    "settlement-contract": Fault(
        Label("合同与此次登记不符。", "The contract is not one of this move."),
        Label(
            "请提供双方签署并已登记的合同，或请求所附的对价文件。",
            "Give the contract that both signed and that is recorded, or the paper of the request.",
        ),
    ),
    "contract-settled": Fault(
        Label("这份合同已经用于一次成交。", "A trade is settled by this contract already."),
        Label("另一笔交易须由双方另签合同。", "For another trade the parties sign another contract."),
    ),
    "settlement-parties": Fault(
        Label("合同的买卖双方不是此次登记的双方。", "The contract’s parties are not those of the move."),
        Label("请核对合同与案件。", "Compare contract and case."),
    ),
    "settlement-prepared": Fault(
        Label(
            "备妥的内容没有指明本所：它在预留之前备妥，或为另一交易所备妥。",
            "What is prepared waits for no exchange, or for another.",
        ),
        Label("请登记机构重新备妥。", "Have the registry prepare it anew now."),
    ),
    "settlement-unsigned": Fault(
        Label("双方尚未都签署。", "A party has not signed yet."),
        Label("双方签署后再报告成交。", "Report the trade once both have signed."),
    ),
    "trade-answer-other": Fault(
        Label("柜台答的不是所问的。", "The desk’s answer is none to what was asked."),
        Label(
            "不要据此交易。请重新核验；仍然如此，请联系登记机构。",
            "Do not trade on it. Ask again; if it stays so, call the registry.",
        ),
    ),
    "answer-malformed": Fault(
        Label("柜台的答复不合格式。", "What the desk answered is out of form."),
        Label(
            "其中内容一概未采信。请核对柜台地址，并联系登记机构。",
            "Nothing of it was believed. Is that the registry’s desk? Call the registry.",
        ),
    ),
    "desk-clock": Fault(
        Label("柜台的时钟与本机相差超过五分钟。", "The desk’s clock is over five minutes from ours."),
        Label(
            "没有签署任何内容。请校准本机时钟；本机无误的，请联系登记机构。",
            "Nothing was signed. Set this machine’s clock; if it is right, call the registry.",
        ),
    ),
    "trade-check-unknown": Fault(
        Label("本所没有问过这一笔。", "This exchange asked no such check."),
        Label("请从回执列表打开。", "Open it from the list of receipts."),
    ),
    "trade-check-unanchored": Fault(
        Label("答复已登记，尚未上链。", "The answer is recorded, and not anchored yet."),
        Label("请稍后刷新本页。", "Open this page again in a moment."),
    ),
    "certificate-malformed": Fault(
        Label(
            "这既不是证书编号，也不是二维码的文字。",
            "This is neither a certificate’s number nor the text of its code.",
        ),
        Label(
            "编号以 SJ 开头，二维码文字以 HTTPS:// 开头。",
            "A number begins with SJ, a code’s text with HTTPS://.",
        ),
    ),
    "case-unknown": Fault(
        Label("没有与本机构有关的这一案件。", "No such case concerns this organisation."),
        Label("编号的样子是 A-2026-000001。", "Its form is A-2026-000001."),
    ),
    "file-missing": Fault(
        Label("请求所列的材料没有全部选上。", "A document that the request names was not chosen."), _WHOLE
    ),
    "organisation-other": Fault(Label("这不是本机构自己的。", "This is another organisation’s."), _OWN_ONLY),
    "joint-authorisation": Fault(
        Label("委托书不适用于这项请求。", "The authorisation is not for this request."), _PARTIES
    ),
    "joint-dated": Fault(
        Label("请求的日期不在可受理的时间内。", "The request is dated too early or too late."), _PARTIES
    ),
    "joint-stranger": Fault(
        Label("签名者不是请求的一方。", "A signature is of nobody who is a party."), _PARTIES
    ),
    "request-key": Fault(
        Label("签名的密钥当时不是该机构的密钥。", "A key that signed was not that organisation’s then."),
        _PARTIES,
    ),
    "request-name": Fault(
        Label("请求所写的名称与登记的不同。", "A name is not the one that is registered."), _PARTIES
    ),
    "request-other": Fault(
        Label(
            "重做的请求类型或双方与原来不同。", "What was made anew is of another type or of other parties."
        ),
        _PARTIES,
    ),
    "request-registry": Fault(
        Label("这项请求不是写给这家登记机构的。", "The request is addressed to another registry."), _PARTIES
    ),
    "request-parties": Fault(
        Label("请求的当事方不齐或不对。", "The request has not the parties that it takes."), _PARTIES
    ),
    "same-organisation": Fault(Label("双方是同一家机构。", "Both parties are one organisation."), _PARTIES),
    "holder-not-entered": Fault(
        Label("一方还没有登记签署账户。", "A party has no account entered yet."), _OFFICER
    ),
    "order-moved": Fault(
        Label("该证书刚有新的记载。", "Something was recorded about the certificate just now."), _AGAIN
    ),
    "registry-not-pinned": Fault(
        Label("本机尚未固定登记机构的策略（registry.json）。", "No registry is pinned here (registry.json)."),
        _TRUST,
    ),
    "moves-not-pinned": Fault(
        Label(
            "固定的策略太旧，没有权利流转的合约。",
            "The pinned policy names no contract by which rights move.",
        ),
        _TRUST,
    ),
    "standing-not-pinned": Fault(
        Label(
            "固定的策略太旧，没有证书状态的合约。",
            "The pinned policy names no contract in which certificates stand.",
        ),
        _TRUST,
    ),
    "org-key-none": Fault(
        Label("本机构现在没有有效的密钥。", "No key of this organisation holds now."), _OFFICER
    ),
    "record-missing": Fault(
        Label("链上没有这份证书的记录。", "The chain has no record of this certificate."), _OFFICER
    ),
    "request-stale": Fault(
        Label("本机时钟与柜台相差超过五分钟。", "This machine’s clock is over five minutes from the desk’s."),
        _CLOCK,
    ),
    "certificate-unknown": Fault(
        Label("这里没有这个编号的证书。", "There is no certificate of that number here."),
        Label(
            "请核对编号；另一登记机构的证书，请向证书所载的登记机构办理。",
            "Check the number; another registry’s certificate is for that registry, which it names.",
        ),
    ),
    "organisation-role": Fault(
        Label("本机构在登记机构没有办理此事的身份。", "This organisation is not enrolled for this."), _OFFICER
    ),
    "order-exchange": Fault(
        Label("这不是本所账户签署的。", "This exchange’s account did not sign this."), _OFFICER
    ),
    "trade-too-large": Fault(
        Label("填写的内容太多。", "More was filled in than a check takes."),
        Label("请缩短后再核验。", "Make it shorter."),
    ),
    "request-elsewhere": Fault(
        Label(
            "这是另一个登记机构的柜台，与本机构登记的不是同一个。",
            "This is the desk of another registry than the one this organisation pins.",
        ),
        _OFFICER,
    ),
    "request-signature": Fault(
        Label("柜台没有认可本机构的签名。", "The desk did not accept this organisation’s signature."),
        _OFFICER,
    ),
    "request-replayed": Fault(
        Label("柜台已经收到过这一请求。", "The desk has had this request already."), _AGAIN
    ),
}
