"""Reason codes in words, Chinese and English. `phrases` is where they are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.words.reasons_holder import HOLDER_REASONS
from yinzheng.verifier.words.reasons_ledger import LEDGER_REASONS
from yinzheng.verifier.words.reasons_log import LOG_REASONS
from yinzheng.verifier.words.reasons_short import SHORT_REASONS
from yinzheng.verifier.words.reasons_trade import TRADE_REASONS

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    **HOLDER_REASONS,
    **LEDGER_REASONS,
    **SHORT_REASONS,
    **TRADE_REASONS,
    # Outcomes that are nobody's fault.
    "offline": ("未提供，且未联网查询。", "It was not given, and no ledger was asked."),
    "number-only": (
        "只提供了编号，没有证书可核验。",
        "Only a number was given; there is no certificate to check.",
    ),
    "no-record": (
        "所查询的账本没有提供该编号的登记记录。",
        "The ledger asked gave no record of that number.",
    ),
    "form": ("格式有误，未继续核验。", "The form is wrong, so nothing else was checked."),
    "issuer-not-established": ("签发机构尚未确认。", "No pinned issuer is known to have signed."),
    "as-of": (
        "所问为过去某一时间，不计时效。",
        "A time was asked about, so the age of the answer does not matter.",
    ),
    "unsealed": (
        "该链的区块没有验证节点签封（开发节点）。",
        "The chain's blocks carry no seals (a development node).",
    ),
    "consensus-differs": (
        "区块属于另一种共识机制，您的信任策略不涵盖。",
        "The block is of another consensus than your policy names.",
    ),
    "chain-differs": (
        "区块属于另一条链，您的信任策略不涵盖。",
        "The block is of another chain than your policy pins.",
    ),
    "validators-unknown": (
        "您的信任策略没有列出该区块的验证节点。请确认信任策略是否为最新。",
        "Your policy pins no validators for this block. See whether your policy is current.",
    ),
    "validators-not-pinned": (
        "区块所列验证节点与您的信任策略不同。请确认信任策略是否为最新。",
        "The block lists other validators than your policy pins. See whether your policy is current.",
    ),
    "sealer-not-pinned": (
        "区块由您信任策略以外的节点签封。请确认信任策略是否为最新。",
        "The block is sealed by someone your policy does not pin. See whether your policy is current.",
    ),
    "not-final": (
        "签封的验证节点不足，区块尚未最终确认。",
        "Too few validators have sealed for it to be final.",
    ),
    "insisted-missing": (
        "您要求必须参与的节点尚未签封。请稍后再查，或向登记机构索取含后续区块的文件。",
        "Nobody on whose seal you insist has sealed it. Ask later, or for a file with later blocks.",
    ),
    "consensus-unsupported": (
        "暂不能读取该共识机制的签封。",
        "Seals of this kind of consensus cannot be read yet.",
    ),
    "evidence-not-given": ("所附链上证明不含此项。", "The evidence has no proof for this."),
    # (1)
    "qr-foreign": ("这不是登记证书的二维码。", "This is not the QR code of a certificate."),
    "qr-scheme": ("二维码地址不是以 HTTPS 开头。", "The address in the QR code does not begin with HTTPS."),
    "qr-alphabet": (
        "二维码内容含有不应有的字符。",
        "The QR text has a character that does not belong there.",
    ),
    "encoded-bytes": (
        "文字中夹有编码数据（如照片、指纹、特征模板），此处不接受。",
        "A text carries encoded bytes, such as a picture or a template, which have no place here.",
    ),
    "qr-bits": ("二维码内容被截断或有多余。", "The QR text is cut off or has something left over."),
    "qr-too-long": ("二维码内容过长。", "The QR text is too long."),
    "core-malformed": (
        "二维码内容不是规范编码的证书。",
        "The QR code does not hold a certificate in its one encoding.",
    ),
    "core-payload": (
        "二维码中的证书内容不符合格式。",
        "The content of the certificate in the QR code is malformed.",
    ),
    "number-malformed": ("证书编号不符合格式。", "The certificate's number is malformed."),
    "credit-code": ("统一社会信用代码有误。", "A unified social credit code is wrong."),
    "term": ("有效期不在登记后五年以内。", "The validity does not end within five years of registration."),
    "predecessor": (
        "登记类型与所承接的证书不符：首次登记不承接证书，其他类型至少承接一份。",
        "Type and predecessors do not fit: a first registration follows no certificate, every other one at "
        "least.",
    ),
    "body-too-large": ("证书内容过大。", "The certificate's content is too large."),
    # (2) (3)
    "issuer-unknown": (
        "签名密钥不在您的信任策略中。若证书来自您信任的登记机构，请确认信任策略是否为最新。",
        "Your policy does not pin the key that signed it. If the certificate is from a registry you trust, "
        "see whether your policy is current.",
    ),
    "issuer-key-unknown": (
        "所载登记机构在您的信任策略中，签名密钥却不在：可能是策略旧了，也可能是他人冒名。请致电该机构"
        "（号码另行查找）核对，并取得最新的信任策略。",
        "It names a registry that your policy pins, and the key is none of those pinned: your policy is "
        "old, or somebody uses that name. Telephone the registry, at a number found elsewhere, and get its "
        "policy.",
    ),
    "signature-wrong": (
        "签名不成立：内容被改动，或不是该机构签发。",
        "The signature does not hold: the content was altered, or that registry never signed it.",
    ),
    "before-key": (
        "登记时间早于该签发密钥的启用时间。",
        "It is dated before the issuer's key came into use.",
    ),
    "after-key": (
        "登记时间晚于该签发密钥的停用时间。",
        "It is dated after the issuer's key went out of use.",
    ),
    "key-compromised": ("签发密钥在登记时已失密。", "The issuer's key was compromised at that time."),
    "registry-differs": (
        "所载登记机构不是该密钥所属机构。",
        "The key belongs to another registry than it names.",
    ),
    "prefix-differs": ("证书编号不属于该登记机构。", "The number is not one of that registry's."),
    # (4)
    "page-several": (
        "PDF 页面上有多份证书（或回执）的二维码：请单独提供要核验的那一份。",
        "The pages show the codes of several documents: give the one to be checked by itself.",
    ),
    "page-differs": (
        "PDF 页面上的二维码与所附文件不是同一份：页面与附件被拼接。",
        "The page shows the code of another document than the file attached: the two were put together.",
    ),
    "record-differs": (
        "证书与登记记录不一致，以登记记录为准。",
        "Certificate and record differ; the record prevails.",
    ),
    "record-not-committed": (
        "所附登记记录不是当时上链存证的那一份。",
        "The record is not the one that was deposited.",
    ),
    # (5) (6) (7)
    **LOG_REASONS,
    "contract-absent": ("该链上没有您信任策略指定的合约。", "The chain lacks the contract your policy pins."),
    "code-differs": ("链上合约不是您信任策略指定的合约。", "The contract is not the one your policy pins."),
    "state-proof-wrong": ("链上状态证明不成立。", "A state proof does not hold."),
    "state-proof-short": ("链上状态证明不完整。", "A state proof is incomplete."),
    "state-proof-surplus": ("链上状态证明含有多余内容。", "A state proof has more in it than belongs there."),
    # (8)
    "seal-malformed": ("区块的签封不成立。", "The block's seal is no signature."),
    "seal-twice": ("同一验证节点重复签封。", "A validator seals the block twice."),
    "seal-of-stranger": (
        "签封者不在区块自身所列的验证节点之中。",
        "The block is sealed by someone whom it does not list itself.",
    ),
    "headers-unlinked": ("区块之间不相连。", "The blocks do not follow each other."),
    # (9)
    "record-absent": ("链上没有该编号的登记。", "The chain has no registration of that number."),
    "block-too-early": (
        "所示区块太早，不能说明此事其后是否上链。",
        "The block is too early to know of it, and says nothing about what came after.",
    ),
    "content-differs": (
        "链上该编号登记的是另一份证书。",
        "The chain has another certificate under that number.",
    ),
    "terms-differ": (
        "链上登记的期限或程序与证书不符。",
        "The chain states other terms than the certificate.",
    ),
    "record-layout": (
        "链上记录含有合约不会写入的内容。",
        "The chain's record holds what the contract never writes.",
    ),
    "record-earlier": (
        "链上记录由更早版本的合约写成，没有记下由谁、因何注销；本版本不能据此核对。",
        "The chain's record was made by an earlier version, which kept neither who cancelled it nor why; "
        "this version cannot compare it.",
    ),
    # (10) and the status
    "answer-too-old": (
        "所附链上证明已过时，不能说明现在的状态。",
        "The evidence is too old to say what holds now.",
    ),
    "block-from-future": (
        "区块时间晚于现在，请检查本机时钟。",
        "The block's time is yet to come; check this machine's clock.",
    ),
    "as-of-needs-archive": (
        "所问时间之后记录有变动，或超出所附证明的时间，需要联网查询历史。",
        "The record has changed since, or the evidence ends before that time; history is needed.",
    ),
    "archive-gap": (
        "账本给出的历史不能确定是当时的最后状态。",
        "The history that the ledger gave is not certain to be the last before that time.",
    ),
    "time-future": ("所问时间还没有到。", "The time asked about is yet to come."),
    # What could not be read at all.
    "target-empty": ("没有可核验的内容。", "Nothing was given to check."),
    "target-unknown": (
        "无法识别的文件。请提供 PDF、图片、JSON 或二维码文字。",
        "This is no file a certificate comes as.",
    ),
    "image-support": ("未安装图片识别组件。", "Reading pictures is not installed."),
    "image-too-large": ("图片过大。请只拍摄二维码，或裁剪后再试。", "The picture is too large."),
    "image-format": ("不是可识别的图片（PNG、JPEG、WebP）。", "This is not a picture in PNG, JPEG or WebP."),
    "image-malformed": ("图片已损坏。", "The picture is damaged."),
    "image-no-code": (
        "图片中没有读到二维码。请正对二维码、光线充足时重拍。",
        "No QR code can be read in the picture.",
    ),
    "image-foreign": (
        "图片中的二维码不是登记证书的二维码。",
        "The QR code in the picture is not a certificate's.",
    ),
    "text-several": (
        "文本中有多份证书（或回执）的二维码：请只提供其中一份。",
        "The text holds the codes of several documents: give one of them.",
    ),
    "image-several": (
        "图片中有多份证书的二维码，请只保留一份。",
        "The picture shows the codes of several certificates.",
    ),
    "pdf-too-large": ("PDF 过大。", "The PDF is too large."),
    "pdf-encrypted": ("PDF 已加密。请另存为不加密的文件，或上传二维码图片。", "The PDF is encrypted."),
    "pdf-malformed": ("PDF 已损坏。", "The PDF is damaged."),
    "pdf-no-attachment": (
        "PDF 中没有附带证书文件（打印成 PDF 会丢失附件）。请提供原件，或上传二维码图片。",
        "The PDF has no certificate file attached.",
    ),
    "pdf-several": ("PDF 中附有多份证书，请逐份核验。", "The PDF has several certificate files attached."),
    "number-needs-ledger": (
        "编号本身不能证明任何事，需要联网查询。",
        "A number alone proves nothing and can only be looked up in a live ledger.",
    ),
    # Receipts of consents (S13).
    "receipt-presented": (
        "这是患者的同意回执，不是登记证书。",
        "This is a patient's receipt of a consent, not a certificate.",
    ),
    "receipt-secret": ("回执二维码不完整。", "The receipt's QR text is incomplete."),
    "receipt-statement": ("该记录不是同意记录。", "That statement is not of a consent."),
    "body-not-shown": (
        "只出示了二维码，未出示同意书内容，因此未核对内容；这不影响真伪判断。",
        "Only the code was shown, so what was agreed was not compared. Authenticity does not depend on it.",
    ),
    "commitment": (
        "内容不是当时登记的那一份：与登记的摘要不符。",
        "The content is not what was recorded: it does not match the commitment.",
    ),
    "commitment-key": (
        "核对内容所需的密钥缺失或有误。",
        "The key that opens the commitment is missing or wrong.",
    ),
    "statement-differs": (
        "文件中的登记记录与签名的不是同一条。",
        "The statement in the file is not the one that was signed.",
    ),
    "notice-differs": (
        "文件中的告知书不是当时出示的那一份。",
        "The notice in the file is not the one that was shown.",
    ),
    "event-type": ("文件中的后续记录不属于撤回。", "A later event in the file is not of a withdrawal."),
    "thread-broken": (
        "文件中的撤回记录不完整，或属于另一份同意书。",
        "The withdrawals in the file are incomplete, or of another consent.",
    ),
    "no-statement": (
        "所查询的账本没有这条同意记录。",
        "The ledger asked knows no such statement.",
    ),
    "consents-not-pinned": (
        "您的信任策略没有指定同意撤回合约，无法得知是否撤回。",
        "Your policy pins no contract of consents, so withdrawals cannot be seen.",
    ),
    "withdrawal-differs": (
        "链上的撤回与文件所载不是同一次。",
        "The chain holds another withdrawal than the file tells of.",
    ),
    "term-private": (
        "没有撤回；同意的有效期只写在回执文件中，仅凭二维码无法判断是否到期。",
        "Nobody withdrew it; until when it lasts stands in the receipt file alone.",
    ),
    # Withdrawals: their bodies, receipts of destruction, notices, and the document at the end.
    "answered": (
        "当时的答复不会改变，不计时效。",
        "What was answered then stays so, whatever the age of the evidence.",
    ),
    "record-changed-since": (
        "登记此后有变动，链上不再保留当时的状态；答复以登记机构的签名和日志为证。",
        "The record was written since, and the chain does not keep how it stood; signature and log vouch for "
        "the answer.",
    ),
    "final": (
        "已完成的撤回不会改变，不计时效。",
        "What is completed stays so, whatever the age of the answer.",
    ),
    "conclusion-replaced": (
        "此后另有限制或已完成，本文件不再是最新结论。",
        "A later end has taken this one's place.",
    ),
    "conclusion-type": ("这条陈述不是撤回的结论。", "This statement ends no withdrawal."),
    "withdrawal-absent": ("链上没有这次撤回。", "The chain knows no such withdrawal."),
    "withdrawal-request-differs": (
        "链上的撤回属于另一份申请。",
        "The chain's withdrawal is of another request.",
    ),
    "withdrawal-outcome-differs": ("链上的撤回并未以此告终。", "The chain's withdrawal has not ended so."),
    "withdrawal-terms-differ": (
        "链上记载的结果或期限与本文件不同。",
        "The chain states other terms than the conclusion.",
    ),
    "signed-before-end": (
        "签署时间早于撤回办结的时间。",
        "It claims to be signed before the withdrawal had ended.",
    ),
    "conclusion-time": ("签署时间早于所载结论。", "It was signed before the end it tells of."),
    "withdrawal-layout": ("链上的撤回数据自相矛盾。", "The chain's withdrawal contradicts itself."),
    "dispute-layout": ("链上的争议数据自相矛盾。", "The chain's dispute contradicts itself."),
    "withdrawal-extent": (
        "撤回部分与保留部分不符合所申请的范围。",
        "What is taken and what remains do not follow from the extent.",
    ),
    "withdrawal-clock": ("期限不符合收到的时间。", "The deadlines do not follow from the time of receipt."),
    "withdrawal-duties": ("各方的义务不符合撤回的范围。", "The duties do not follow from what is taken."),
    "withdrawal-course": (
        "各次撤回前后不衔接。",
        "A withdrawal does not follow from what was in force before it.",
    ),
    "withdrawal-end": (
        "限制的结束时间不在允许的范围内。",
        "A restriction ends later than it begins, and within 50 years.",
    ),
    "receipt-withdrawal": ("销毁回执属于另一次撤回。", "The receipt is of another withdrawal."),
    "receipt-bytes": (
        "销毁回执所确认的不是应销毁的内容。",
        "The receipt is of other bytes than were to be destroyed.",
    ),
    "receipt-recipient": ("销毁回执由另一机构出具。", "The receipt is of another organisation."),
    "receipt-time": ("销毁回执的时间在未来。", "The receipt is of a time that is yet to come."),
    "receipt-key-unknown": ("该机构没有这把有效的密钥。", "This organisation has no such key in force."),
    "receipt-signature": ("销毁回执的签名无效。", "The receipt's signature is wrong."),
    "webhook-signature": ("通知的签名无效。", "The notice's signature is wrong."),
    "webhook-recipient": ("该通知是发给另一机构的。", "The notice is for another organisation."),
    "webhook-future": ("通知的时间在未来。", "The notice claims a time yet to come."),
    # Time stamps, and files of a dossier.
    "time-authorities-none": ("信任策略没有指定时间戳机构。", "Your policy pins no time-stamping authority."),
    "timestamp-support": ("未安装时间戳核验组件。", "What reads time stamps is not installed."),
    "timestamp-refused": ("时间戳机构拒绝了请求。", "The authority refused to stamp."),
    "timestamp-malformed": ("时间戳不符合格式。", "The time stamp is malformed."),
    "timestamp-algorithm": (
        "时间戳使用了不被接受的算法。",
        "The time stamp uses a digest that does not count.",
    ),
    "timestamp-imprint": ("时间戳所证明的是别的内容。", "The time stamp is of something else."),
    "timestamp-purpose": ("签署证书不是专用的时间戳证书。", "The certificate is not one for time stamps."),
    "timestamp-signer": ("时间戳没有指明其签署证书。", "The time stamp does not name its certificate."),
    "timestamp-expired": (
        "签署时间戳的证书在当时不在有效期内。",
        "A certificate of the authority did not hold at the time stamped.",
    ),
    "timestamp-authority": (
        "时间戳机构不在您的信任策略中。",
        "Your policy pins no authority that vouches for this time stamp.",
    ),
    "timestamp-signature": ("时间戳的签名无效。", "The time stamp's signature is wrong."),
    "time-authority-malformed": (
        "信任策略中时间戳机构的证书有误。",
        "The certificate your policy pins for an authority is none.",
    ),
    "dossier-statement": ("该记录不含材料。", "A statement of this type holds no dossier."),
    "file-differs": ("文件与登记时不一致。", "The file is not the one that was committed to."),
    "file-unknown": ("材料中没有该文件。", "The dossier has no such file."),
    # The policy.
    "trust-malformed": ("信任策略文件不符合格式。", "This is not a trust policy."),
}
"""Code → Chinese, English."""
