"""What the pages say, in both languages. What the verifier says of obligations is in `verifier.phrases`."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from yinzheng.api.http.language import Language
from yinzheng.ledger.rules.terms import Label

Tone: TypeAlias = Literal["good", "warn", "no", "bad", "unknown"]
"""Colour and icon of a verdict; words always stand beside them. What is genuine and says no is `no`, and what
is not, `bad`."""


def say(label: Label, language: Language) -> str:
    """The label in that language."""
    return label.zh if language == "zh" else label.en


@dataclass(frozen=True, slots=True)
class Explained:
    """What a verdict means and asks for; what it says is `verifier.words.verdict`'s."""

    tone: Tone
    meaning: Label
    next: tuple[Label, ...]


_SCAN_ORIGINAL = Label(
    "请扫描证书原件上的二维码，或上传登记机构签发的 PDF、JSON 文件重新核验。",
    "Scan the code on the original certificate, or upload the PDF or JSON file as issued, and check again.",
)
_ASK_REGISTRY = Label(
    "如仍有疑问，请持证书编号直接向登记机构查询，不要使用证书上留的联系方式。",
    "If doubt remains, ask the registry itself with the certificate’s number; do not use contact "
    "details printed on the certificate.",
)
_HOLDER = Label(
    "请确认出示证书的人就是所列权利人：证书可以被复印，持有复印件不等于享有权利。",
    "Make sure that whoever shows the certificate is the right holder named: a certificate can be "
    "copied, and a copy confers nothing.",
)
_LIMITS = Label(
    "请阅读下方的权利限制与备注，确认拟进行的使用在其范围之内。",
    "Read the limits and remarks below, and make sure that the intended use lies within them.",
)
_NO_NEW = Label(
    "不得依据此证书办理新的登记或交易。", "Nothing new may be registered or traded on the strength of it."
)

VERDICTS: Final = MappingProxyType(
    {
        "in_force": Explained(
            "good",
            Label(
                "证书由登记机构签发，与账本上的登记记录一致，目前有效。",
                "The registry issued this certificate, it agrees with the record on the ledger, "
                "and it is in force now.",
            ),
            (_HOLDER, _LIMITS),
        ),
        "differs": Explained(
            "bad",
            Label(
                "所示证书与账本上的登记记录不一致。以登记记录为准，差异已在下方逐项标出。",
                "The certificate shown does not agree with the record on the ledger. The record "
                "prevails; each difference is marked below.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "held": Explained(
            "warn",
            Label(
                "因争议保全，此登记目前不得转让、许可、变更或注销。",
                "It is held because of a dispute: for now it cannot be transferred, licensed, "
                "changed or cancelled.",
            ),
            (
                Label(
                    "在冻结解除之前，不要依据此证书进行交易。",
                    "Do not trade on it before the hold is released.",
                ),
            ),
        ),
        "reserved": Explained(
            "warn",
            Label(
                "一家交易场所已为正在进行的交易预留此登记，最长 72 小时。",
                "An exchange has reserved it for a trade in progress, for at most 72 hours.",
            ),
            (Label("请在预留期满后重新核验。", "Check again once the reservation has ended."),),
        ),
        "superseded": Explained(
            "warn",
            Label(
                "登记已变更，新证书取代了此证书。",
                "The registration was changed and a newer certificate took its place.",
            ),
            (
                _NO_NEW,
                Label("请向出示人索取新证书并核验。", "Ask for the newer certificate and check that one."),
            ),
        ),
        "cancelled": Explained(
            "warn",
            Label("此登记已被永久注销。", "This registration has been cancelled for good."),
            (_NO_NEW,),
        ),
        "lapsed": Explained(
            "warn",
            Label("登记期满且未续期。", "The registration ended without being renewed."),
            (_NO_NEW,),
        ),
        "expired": Explained(
            "warn",
            Label(
                "证书确由登记机构签发，但有效期已经届满。",
                "The registry did issue it, but its validity has ended.",
            ),
            (_NO_NEW,),
        ),
        "not_yet": Explained(
            "warn",
            Label("所问时间早于登记时间。", "The time asked about lies before the registration."),
            (),
        ),
        "status_unknown": Explained(
            "unknown",
            Label(
                "证书确由登记机构签发并已存证，但现在无法从账本得知其最新状态。",
                "The registry issued and deposited it, but its present status cannot be had from "
                "the ledger at the moment.",
            ),
            (
                Label(
                    "请稍后重新核验；在此之前不要认为它有效。",
                    "Check again later; until then do not take it to be in force.",
                ),
            ),
        ),
        "attention": Explained(
            "warn",
            Label(
                "证书与账本上的登记记录一致，目前有效，但对权利的行使另有限制。",
                "It agrees with the record on the ledger and is in force, but something restrains "
                "the rights.",
            ),
            (_HOLDER, _LIMITS),
        ),
        "foreign": Explained(
            "unknown",
            Label(
                "签名所用的密钥不属于核验策略中的任何登记机构。请勿相信其内容。",
                "It is signed with a key of none of the registries that the policy knows. Do not "
                "rely on what it says.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "unregistered": Explained(
            "unknown",
            Label(
                "登记机构的链上没有这个编号，短码不指向任何证书。另一登记机构的证书，须向该机构核验；"
                "当作这家登记机构的出示的，请勿相信纸面所载的内容。",
                "The registry's chain has nothing under the number that the code names. Another registry's "
                "certificate is for that registry to tell. If it is shown as this registry's, do not rely "
                "on what the paper says.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "key_unknown": Explained(
            "unknown",
            Label(
                "所载登记机构在核验策略中，签名所用的密钥却不在：可能是密钥已更换而策略未更新，也可能是他人冒名。"
                "核实之前请勿相信其内容。",
                "It names a registry that the policy knows, under a key that it does not: the key was "
                "replaced and the policy is old, or somebody uses that name. Until that is settled, do "
                "not rely on it.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "forged": Explained(
            "bad",
            Label(
                "此证书未通过核验：它不是登记机构签发的那一份。请勿相信其内容。",
                "This certificate fails the check: it is not what the registry issued. Do not rely "
                "on what it says.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "malformed": Explained(
            "unknown",
            Label(
                "所示内容不是一份完整的登记证书：可能属于其他系统、被截断、损坏或被改动过。",
                "What was shown is not a whole certificate: it belongs to another system, or was "
                "cut off, damaged or altered.",
            ),
            (_SCAN_ORIGINAL, _ASK_REGISTRY),
        ),
        "undetermined": Explained(
            "unknown",
            Label(
                "核验所需的资料缺失或暂时无法取得。这既不说明证书真实，也不说明证书是伪造的。",
                "Something that the check needs is missing or cannot be had just now. This says "
                "neither that the certificate is genuine nor that it is forged.",
            ),
            (
                Label("请稍后重试。", "Try again later."),
                Label(
                    "也可上传登记机构签发的 PDF 或 JSON 文件：其中附有可离线核验的证据。",
                    "Or upload the PDF or JSON file as issued: it carries evidence that can be "
                    "checked offline.",
                ),
                _ASK_REGISTRY,
            ),
        ),
    }
)

# What holds when an obligation does (S9.1), for people; why one does not is in `verifier.phrases`.
ESTABLISHED: Final = MappingProxyType(
    {
        1: Label("证书内容完整，编码规范。", "The certificate is whole and properly encoded."),
        2: Label(
            "签名由登记机构的密钥作出，内容未被改动。",
            "It bears the signature of the registry’s key, and was not altered since.",
        ),
        3: Label(
            "该密钥在登记时有效，且有权签发此编号。",
            "That key was valid at the time, and entitled to this number.",
        ),
        4: Label(
            "证书所载与存证的登记记录逐项相同。", "Every field agrees with the record that was deposited."
        ),
        5: Label("登记记录收录在公开日志中。", "The public log contains the record."),
        6: Label(
            "日志检查点有登记机构日志密钥的全部签名。", "The log’s head bears the signatures of all its keys."
        ),
        7: Label(
            "该检查点已写入链上合约，之后不能改写历史。",
            "That head is anchored in the contract, so that the past cannot be rewritten.",
        ),
        8: Label(
            "区块由策略指定的验证节点签封，并已最终确认。",
            "The block is sealed by the validators that the policy names, and final.",
        ),
        9: Label(
            "链上登记的正是此证书，状态见上。",
            "The chain’s record is of this certificate; its status is given above.",
        ),
        10: Label("答复足够新。", "The answer is recent enough."),
    }
)

# The same of a consent's receipt (S13.4), where it is about something else.
RECEIPT_ESTABLISHED: Final = MappingProxyType(
    {
        1: Label("回执内容完整，编码规范。", "The receipt is whole and properly encoded."),
        3: Label(
            "该密钥在签发回执时有效，且属于所载登记机构。",
            "That key was valid when the receipt was signed, and is the registry’s.",
        ),
        4: Label("同意内容与登记的承诺值相符。", "What was agreed is what the record commits to."),
        5: Label("同意记录收录在公开日志中。", "The public log contains the record of the consent."),
        9: Label("链上的撤回状态已证明。", "What the chain holds about withdrawals is proved."),
    }
)

# How consent was expressed (S10.3).
METHODS: Final = MappingProxyType(
    {
        "electronic": Label("电子方式", "electronically"),
        "paper": Label("纸质书面", "on paper"),
        "counter": Label("柜台办理", "at a counter"),
    }
)

# How a withdrawal stands (R35), for the person who filed it.
STATES: Final = MappingProxyType(
    {
        "requested": Label(
            "已收到，等待监护人证明身份和监护关系",
            "Received; the guardian has to prove identity and guardianship",
        ),
        "notified": Label(
            "已收到，已向各方发出通知，正在冻结数据",
            "Received; notices to everyone are out, and your data is being frozen",
        ),
        "frozen": Label("已冻结，等待各方销毁", "Frozen; everyone has to destroy their copies"),
        "restricted": Label("已停止使用，依法仅作保存", "No longer used; kept in storage by law"),
        "completed": Label("已办结，各方均已确认", "Done; everyone has confirmed"),
        "overdue": Label("已逾期：有一方没有按时完成", "Overdue: someone has not done its duty in time"),
        "overdue_untold": Label(
            "已过期限：有一方尚未通知到", "Past its deadline: someone could not be told yet"
        ),
    }
)

# What an organisation owes under a withdrawal (R32).
DUTIES: Final = MappingProxyType(
    {
        "clear_links": Label("清除关联并销毁数据", "clears its links and destroys the data"),
        "destroy": Label("销毁副本", "destroys its copies"),
        "exempt": Label("无须销毁", "need not destroy"),
    }
)

# Whether it has done so.
DUTY_STATES: Final = MappingProxyType(
    {
        "untold": Label("尚未通知到", "not told yet"),
        "untold_overdue": Label("已过期限，尚未通知到", "past the deadline, not told yet"),
        "waiting": Label("已通知，等待回执", "told; receipt awaited"),
        "done": Label("已确认完成", "confirmed"),
        "late": Label("已确认（逾期）", "confirmed, late"),
        "overdue": Label("逾期未回复", "overdue"),
        "exempt": Label("豁免", "exempt"),
    }
)

# Why an organisation was not reached, for the person who filed it (R35).
NOT_TOLD: Final = MappingProxyType(
    {
        "not_enrolled": Label(
            "该机构尚未在登记机构注册，将电话或书面通知；期限照常计算",
            "It is not enrolled, so the registry telephones or writes to it; the deadline runs all the same",
        ),
        "no_answer": Label(
            "其服务器没有接收通知，登记机构将电话联系；期限照常计算",
            "Its server took no notice, and the registry telephones it; the deadline runs all the same",
        ),
        "not_fetched": Label(
            "该机构还没有领取通知；期限照常计算",
            "It has not fetched its notice yet; the deadline runs all the same",
        ),
        "not_verified": Label(
            "监护人证明身份和监护关系后立即通知；期限照常计算",
            "It is told as soon as the guardian has proved who they are; the deadline runs all the same",
        ),
        "on_its_way": Label(
            "通知正在途中；期限照常计算", "The notice is on its way; the deadline runs all the same"
        ),
    }
)

# What was written to the chain about a withdrawal (S5.10).
CALLS: Final = MappingProxyType(
    {
        "withdrawal": Label("撤回", "withdrawal"),
        "frozen": Label("冻结", "freezing"),
        "receipt": Label("销毁回执", "a destruction receipt"),
        "restricted": Label("限制", "restriction"),
        "completed": Label("办结", "completion"),
    }
)

# What restrains a right although it is in force (R16, R24).
ATTENTION: Final = MappingProxyType(
    {
        "seizure": Label("司法查封：不得转让。", "Judicial seizure: it cannot be transferred."),
        "control": Label("受行政管制。", "Under administrative control."),
        "pledge": Label("已质押：处分前须征得质权人同意。", "Pledged: ask the pledgee before dealing in it."),
        "objection": Label("有异议正在处理中。", "An objection is being investigated."),
    }
)
