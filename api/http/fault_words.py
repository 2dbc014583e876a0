"""What went wrong, for people, in both languages: by the code of the error."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from yinzheng.api.http.fault import Fault
from yinzheng.api.http.fault_words_moves import MOVES
from yinzheng.api.http.fault_words_own import OWN
from yinzheng.api.http.fault_words_rights import RIGHTS
from yinzheng.verifier.words.phrase import Phrase as Label

_PHOTO = Label(
    "请正对二维码、光线充足地重新拍摄，让二维码占画面一半左右。",
    "Take it again from straight above, in good light, the code filling half of the picture.",
)
_SMALLER = Label(
    "请只拍摄二维码，或裁剪、缩小图片。", "Photograph the code alone, or crop or scale the picture down."
)
_AS_ISSUED = Label(
    "请上传登记机构签发的原始文件，或二维码的照片。",
    "Send the file as issued by the registry, or a photo of its QR code.",
)
_BACK = Label("请返回表单重试。", "Go back to the form and try again.")

_PATIENT: Final = {
    "receipt-unreadable": Fault(
        Label("这不是同意回执，或内容不完整。", "This is not a consent receipt, or not the whole of one."),
        Label(
            "请扫描回执上的二维码，或上传回执的 PDF、照片。回执丢失可到柜台办理。",
            "Scan the code on the receipt, or upload its PDF or a photo. Without it, a counter helps.",
        ),
    ),
    "born-malformed": Fault(
        Label("出生日期无法识别。", "This is not a date of birth."),
        Label("请按 1980-02-29 的样子填写。", "Write it as in 1980-02-29."),
    ),
    "who-missing": Fault(
        Label("请选择您是患者本人还是监护人。", "Say whether you are the patient or the guardian."), _BACK
    ),
    "receipt-refused": Fault(
        Label("凭这份回执和这个出生日期，打不开任何内容。", "This receipt and this date open nothing here."),
        Label(
            "请核对患者的出生日期（监护人请填写孩子的）。填错五次，回执关闭一小时。"
            "携带身份证件到柜台可以当场办理或补发回执。"
            "另一家登记机构的回执，请用它上面的网址。同意的内容已依法销毁的，回执也打不开；用“核验”可以看到。",
            "Check the patient’s date of birth, also as a guardian. After five wrong dates a receipt is "
            "closed for an hour. A counter withdraws at once or replaces the receipt, with an identity "
            "document. One of another registry opens at the address on it, and that of a consent that was "
            "erased nowhere: verifying the receipt tells.",
        ),
    ),
    "receipt-replaced": Fault(
        Label("这份回执已经补发，旧的不再有效。", "This receipt was replaced, and opens nothing any more."),
        Label(
            "请使用新的回执。如果不是您补发的，请尽快携带身份证件到柜台查询。",
            "Use the newer one. If you did not ask for it, go to a counter with an identity document.",
        ),
    ),
    "receipt-proof": Fault(
        Label("这是证明副本，不能用来办理。", "This is a proof copy: nobody acts with it."),
        Label(
            "请使用您自己的回执（PDF 或上面的二维码）。回执丢失，柜台可以补发。",
            "Use your own receipt: its PDF, or the code on it. A lost one is replaced at a counter.",
        ),
    ),
    "receipt-foreign": Fault(
        Label("这份回执不是本登记机构签发的。", "This receipt was not signed by this registry."),
        Label(
            "它可能属于另一家登记机构，请使用回执上的网址。回执损坏或签发密钥已停用的，柜台可以补发。",
            "It may belong to another registry: use the address on it. One that is damaged, or signed with a "
            "key no longer to be trusted, is replaced at a counter.",
        ),
    ),
    "consent-expired": Fault(
        Label("这份同意已到期，自动终止。", "This consent has ended by itself."),
        Label("无须撤回。", "There is nothing left to withdraw."),
    ),
    "withdrawal-empty": Fault(
        Label("还没有选择要撤回的内容。", "Nothing was chosen."),
        Label("请至少勾选一项，或选择全部撤回。", "Tick at least one, or withdraw everything."),
    ),
    "withdrawal-not-in-force": Fault(
        Label("所选内容已经撤回过了。", "What you chose has been withdrawn already."),
        Label("请查看办理进度。", "See how it is going."),
    ),
    "withdrawal-unknown": Fault(
        Label("没有这一撤回。", "There is no such withdrawal."),
        Label("请凭提出撤回时的那份回执查看。", "Ask with the receipt that it was withdrawn with."),
    ),
    "guardian-documents": Fault(
        Label("请同时选择两份文件。", "Choose both files."),
        Label("身份证件和监护关系证明都需要。", "Identity and guardianship both have to be shown."),
    ),
    "guardian-not-awaited": Fault(
        Label("这次撤回不需要监护人证明。", "This withdrawal waits for no guardian."),
        Label("请查看进度。", "Look at its progress."),
    ),
    "guardian-upload": Fault(
        Label("文件须为 PDF、JPEG 或 PNG，每份不超过 2 MB。", "Send PDF, JPEG or PNG, up to 2 MB each."),
        Label("请拍照后重试，或到窗口办理。", "Take a photograph of it, or go to a counter."),
    ),
    "guardian-proof-time": Fault(
        Label("监护人证明的核验时间不对。", "The guardian’s proofs were not looked at for this withdrawal."),
        Label(
            "证件、人脸和监护证明须为本次撤回核验，请重新核验。",
            "They are checked for this withdrawal, not a day before it came: check them anew.",
        ),
    ),
    "withdrawal-guardian": Fault(
        Label("这份同意不能由监护人撤回。", "A guardian cannot withdraw this consent here."),
        Label(
            "患者已成年，或同意中没有监护人：请由患者本人凭回执撤回，监护人可到柜台办理。",
            "The patient is of age, or it names no guardian: the patient withdraws with the receipt, "
            "a guardian at a counter.",
        ),
    ),
    "withdrawal-open": Fault(
        Label("这项撤回尚未办结。", "This withdrawal has no end yet."),
        Label("办结后即可下载凭证。", "Its document can be had when it has."),
    ),
    "withdrawal-unanchored": Fault(
        Label("刚刚办结，正在写入账本。", "It has just ended and is being written to the ledger."),
        Label("请一分钟后再下载。", "Try again in a minute."),
    ),
    "receipt-not-anchored": Fault(
        Label("回执正在写入账本。", "The receipt is being written to the ledger."),
        Label("请一分钟后再下载。", "Try again in a minute."),
    ),
    "desk-absent": Fault(
        Label("本网站暂不办理撤回。", "This site takes in no withdrawals."),
        Label(
            "请携带身份证件到登记机构或医院的柜台办理。",
            "Go to a counter of the registry or the hospital with an identity document.",
        ),
    ),
    "desk-away": Fault(
        Label("暂时联系不上登记机构的办理系统。", "The registry’s desk cannot be reached just now."),
        Label(
            "您的同意和回执都没有变化，什么也没有丢失。请几分钟后再试，或携带身份证件到柜台办理。",
            "Nothing was lost, and nothing was changed. Try again in a few minutes, or go to a counter "
            "with an identity document.",
        ),
    ),
    "desk-silent": Fault(
        Label("没有收到办理系统的答复。", "The registry’s desk did not answer."),
        Label(
            "请打开下面的页面查看：已收到的撤回会显示在那里；没有的话，请再提交一次，重复提交没有害处。",
            "Open your consent below: a withdrawal that arrived stands there. If it does not, send it again; "
            "twice does no harm.",
        ),
    ),
    "desk-busy": Fault(
        Label("登记机构的办理系统正忙。", "The registry’s desk is busy."),
        Label(
            "什么也没有丢失。请一分钟后再试，或携带身份证件到柜台办理。",
            "Nothing was lost. Try again in a minute, or go to a counter with an identity document.",
        ),
    ),
    "pack-elsewhere": Fault(
        Label(
            "这是证据包（或其他 zip 文件），不在此处核验；这里没有对它作出任何结论。",
            "This is an evidence pack, or another zip, which is not checked here: nothing is said about it.",
        ),
        Label(
            "请到“证据核验”页面（/court）核验，或在自己的电脑上运行 yinzheng verify。",
            "Check it on the page “Evidence” (/court), or run yinzheng verify on your own computer.",
        ),
    ),
    "pack-too-large": Fault(
        Label(
            "证据包过大，无法在网页上核验。",
            "The pack is too large for this page.",
        ),
        Label(
            "请在自己的电脑上运行 yinzheng verify，核验内容和结论完全相同，而且不必信任本网站。",
            "Run yinzheng verify on your own computer: it says the same, and trusts no site.",
        ),
    ),
    "pack-empty": Fault(
        Label("没有选择证据包。", "No pack was chosen."),
        Label("请选择 .zip 文件，或把它拖到框里。", "Choose the .zip file, or drop it on the field."),
    ),
    "pack-too-hard": Fault(
        Label("这个文件过于庞大或异常，无法在网页上核验。", "The file is too odd for this page."),
        Label("请在自己的电脑上运行 yinzheng verify。", "Run yinzheng verify on your own computer."),
    ),
}
"""What can go wrong for whoever holds a receipt or a pack."""

_OFFICE = Label(
    "也可以到登记机构的柜台，或以书面方式提出异议。",
    "A counter of the registry takes objections as well, and so does a letter.",
)
_OBJECTION: Final = {
    "objection-empty": Fault(
        Label("异议需要说明理由，并附至少一份材料。", "An objection needs reasons and at least one file."),
        Label(
            "请写明理由并选择文件；出错后需重新选择文件。",
            "Give both; after an error choose the files again.",
        ),
    ),
    "objection-material": Fault(
        Label("文件过多，或合计过大。", "There are too many files, or they are too large together."),
        Label(
            "此处最多 5 个文件，合计 8 MiB；更多材料请交到登记机构的柜台。",
            "Here at most 5 files, of 8 MiB together; bring more to a counter of the registry.",
        ),
    ),
    "objection-other": Fault(
        Label("这张表单此前已经提交过，内容不同。", "Another objection was sent with this form."),
        Label(
            "此前提交的内容已收到；要补充，请重新打开公示页另提一份。",
            "That one was received as it was. To say more, open the notice anew and object once more.",
        ),
    ),
    "objection-secret": Fault(
        Label("异议编号与密码不相符。", "Number and secret do not belong together."),
        Label("两者都在异议回执上，请核对后重试。", "Both stand on the receipt of the objection."),
    ),
    "objections-many": Fault(
        Label("本案未办结的异议过多，网上暂不受理。", "Too many objections are open for the form."), _OFFICE
    ),
    "notice-unknown": Fault(
        Label("没有这份公示。", "There is no such notice."), Label("请从公示列表进入。", "Look on the board.")
    ),
    "material-name": Fault(
        Label("文件名不合规。", "The name of a file cannot be used."),
        Label("请改用简短的文件名。", "Rename the file and choose it again."),
    ),
    "text-missing": Fault(
        Label("异议人或理由没有填写。", "Who objects, or the reasons, are missing."), _BACK
    ),
    "text-too-long": Fault(
        Label("文字过长，最多 4000 字。", "A text is longer than 4,000 characters."),
        Label("请把详细说明放进文件。", "Put the details into a file."),
    ),
    "move-not-allowed": Fault(
        Label("公示已经结束，网上不再受理异议。", "This notice has ended: it takes no objection any more."),
        _OFFICE,
    ),
    "case-state": Fault(
        Label("公示正在写入账本。", "The notice is being written to the ledger."),
        Label("请一分钟后再提交。", "Send it again in a minute."),
    ),
}
"""What can go wrong for whoever objects (R24)."""

FAULTS: Final = MappingProxyType(
    {
        "form-empty": Fault(
            Label("没有提交任何内容。", "Nothing was sent to check."),
            Label(
                "请粘贴二维码的文字，或选择图片、PDF 或 JSON 文件。",
                "Paste the text of the QR code, or choose an image, a PDF or a JSON file.",
            ),
        ),
        "form-both": Fault(
            Label("同时提交了文字和文件。", "Both a text and a file were sent."),
            Label(
                "请只提交其中一种，以便明确核验的是哪一份。",
                "Send one of them, so that it is clear which the answer is about.",
            ),
        ),
        "form-malformed": Fault(Label("表单无法读取。", "The form cannot be read."), _BACK),
        "content-type": Fault(
            Label("此地址不接受这种类型的内容。", "This address does not accept that kind of content."), _BACK
        ),
        "too-large": Fault(
            Label("提交的内容过大。", "What was sent is too large."),
            Label(
                "文件最大 64 MiB，文字最大 128 KiB。请上传证书的 PDF、JSON 文件或二维码照片。",
                "A file may have 64 MiB, a text 128 KiB. Send the certificate’s own PDF or JSON "
                "file, or a photo of its code.",
            ),
        ),
        "body-slow": Fault(Label("上传超时。", "The upload took too long."), _SMALLER),
        "server-busy": Fault(
            Label("服务器正忙。", "The server is busy."),
            Label(
                "请一分钟后重试。这与证书是否真实无关。",
                "Try again in a minute. This says nothing about the certificate.",
            ),
        ),
        "rate-limited": Fault(
            Label("请求过于频繁。", "Too many requests."),
            Label("请稍候再试。", "Wait a little and try again."),
        ),
        "not-found": Fault(
            Label("此地址没有内容。", "There is nothing at this address."),
            Label("请从首页开始。", "Begin at the first page."),
        ),
        "method": Fault(
            Label("此地址不支持这种请求方式。", "This address does not take that method."), _BACK
        ),
        "internal": Fault(
            Label("服务器发生意外故障。", "An unexpected fault of this server."),
            Label(
                "请稍后重试。这与证书是否真实无关。",
                "Try again later. This says nothing about the certificate.",
            ),
        ),
        "number-alone": Fault(
            Label("仅凭证书编号不能证明任何事。", "A certificate’s number alone proves nothing."),
            Label(
                "编号容易被猜到或抄写。请扫描二维码，或上传证书的 PDF、JSON 文件。",
                "Numbers are easily guessed or copied. Scan the QR code, or upload the "
                "certificate’s PDF or JSON file.",
            ),
        ),
        "ledger-unavailable": Fault(
            Label("暂时无法读取账本。", "The ledger cannot be read at the moment."),
            Label(
                "请稍后重试。这与证书是否真实无关。",
                "Try again later. This says nothing about the certificate.",
            ),
        ),
        "log-unreadable": Fault(
            Label("暂时无法读取日志。", "The log cannot be read at the moment."),
            Label("请稍后重试。", "Try again later."),
        ),
        "target-empty": Fault(Label("文件是空的。", "The file is empty."), _AS_ISSUED),
        "target-too-hard": Fault(
            Label("此文件过于庞大或异常，无法读取。", "The file is too large or too odd to be read."),
            _AS_ISSUED,
        ),
        "target-unknown": Fault(
            Label("无法识别此文件类型。", "This is no file that a certificate comes as."),
            Label(
                "请上传 PDF、PNG 或 JPEG 图片、JSON 文件，或粘贴二维码的文字。",
                "Give a PDF, a PNG or JPEG picture, the JSON file, or the text of the QR code.",
            ),
        ),
        "image-too-large": Fault(Label("图片过大。", "The picture is too large."), _SMALLER),
        "image-format": Fault(
            Label(
                "图片不是 PNG、JPEG 或 WebP 格式，或已损坏。", "This is not a picture in PNG, JPEG or WebP."
            ),
            Label("请转换格式，或截屏后上传。", "Convert it, or take a screenshot of it."),
        ),
        "image-malformed": Fault(
            Label("图片已损坏。", "The picture is damaged."),
            Label("请重新拍摄或重新上传。", "Take or send it again."),
        ),
        "image-no-code": Fault(
            Label("图片中没有可识别的二维码。", "No QR code can be read in the picture."), _PHOTO
        ),
        "image-foreign": Fault(
            Label(
                "图片中的二维码不是登记证书的二维码。",
                "The QR code in the picture is not that of a certificate.",
            ),
            Label("请拍摄印在证书上的二维码。", "Photograph the code printed on the certificate itself."),
        ),
        "text-several": Fault(
            Label("文本中有多份证书的二维码。", "The text holds the codes of several documents."),
            Label("请只粘贴其中一个。", "Paste one of them."),
        ),
        "image-several": Fault(
            Label("图片中有多份证书的二维码。", "The picture shows the codes of several certificates."),
            Label("请裁剪到只剩要核验的一个。", "Crop it to the one to be checked."),
        ),
        "image-support": Fault(
            Label("此服务器未安装图片识别。", "This server cannot read pictures."),
            Label("请粘贴二维码的文字。", "Paste the text of the QR code instead."),
        ),
        "pdf-too-large": Fault(Label("PDF 过大。", "The PDF is too large."), _AS_ISSUED),
        "pdf-encrypted": Fault(
            Label("PDF 已加密。", "The PDF is encrypted."),
            Label(
                "请用密码打开后另存为不加密的文件，或上传二维码的照片。",
                "Open it with its password and save it without one, or send a photo of its code.",
            ),
        ),
        "pdf-malformed": Fault(Label("PDF 已损坏。", "The PDF is damaged."), _AS_ISSUED),
        "pdf-no-attachment": Fault(
            Label("PDF 中没有附带证书文件。", "The PDF has no certificate file attached."),
            Label(
                "“打印为 PDF”会丢失附件：请上传原始文件，或二维码的照片。",
                "Printing to PDF drops attachments: send the file as issued, or a photo of its code.",
            ),
        ),
        "pdf-several": Fault(
            Label("PDF 中附带了多份证书。", "The PDF has several certificates attached."),
            Label("请一次核验一份。", "Check one certificate at a time."),
        ),
        **_PATIENT,
        **_OBJECTION,
        **MOVES,
        **OWN,
        **RIGHTS,
    }
)
