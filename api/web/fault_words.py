"""What went wrong, for people, in both languages: by the code of the error."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.rules.terms import Label


@dataclass(frozen=True, slots=True)
class Fault:
    """A message and what to do, for people."""

    message: Label
    hint: Label


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
                "A file may have 64 MiB, a text 128 KiB. Send the certificate's own PDF or JSON "
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
            Label("仅凭证书编号不能证明任何事。", "A certificate's number alone proves nothing."),
            Label(
                "编号容易被猜到或抄写。请扫描二维码，或上传证书的 PDF、JSON 文件。",
                "Numbers are easily guessed or copied. Scan the QR code, or upload the "
                "certificate's PDF or JSON file.",
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
    }
)
