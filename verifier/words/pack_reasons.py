"""Reason codes of packs in words, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACK_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    # The zip.
    "zip-malformed": ("这不是证据包（zip）文件。", "This is not a zip."),
    "zip-truncated": (
        "文件不完整，被截断。请重新取得整个文件。",
        "The file was cut off. Get the whole file once more.",
    ),
    "zip-trailing": (
        "文件末尾有多余内容。请索取原始证据包。",
        "Bytes follow the end of the pack. Ask for the original.",
    ),
    "zip-leading": ("文件中有不属于任何条目的内容。", "Bytes lie there that belong to no entry."),
    "zip-gap": ("条目之间有不属于任何条目的内容。", "Bytes between the entries belong to none."),
    "zip-overlap": ("条目相互重叠。", "Entries overlap."),
    "zip-too-large": ("文件超过允许的大小。", "The file is larger than is taken in."),
    "zip-entry-too-large": ("条目超过允许的大小。", "An entry is larger than is taken in."),
    "zip-entries": (
        "条目的数量不在允许范围内。请索取原始证据包。",
        "The pack has too few or too many entries. Ask for the original.",
    ),
    "zip-encrypted": ("条目被加密。", "An entry is encrypted."),
    "zip-compressed": (
        "条目被压缩；证据包只含原样存放的文件。请索取原始证据包。",
        "An entry is compressed; packs store only. Ask for the original.",
    ),
    "zip-path": ("条目的路径不合规。", "An entry's path is none that a pack may hold."),
    "zip-duplicate": ("有同名的条目。", "An entry is there twice."),
    "zip-two-manifests": (
        "有两份清单。请索取原始证据包。",
        "The pack has two manifests. Ask for the original.",
    ),
    "zip-extra-field": ("条目带有附加字段或注释。", "An entry has an extra field or a comment."),
    "zip-order": ("条目的次序不合规。", "The entries are not in their order."),
    "zip-directory": (
        "条目的文件头与目录不符。",
        "An entry's header contradicts the directory.",
    ),
    "zip-layout": ("文件不是规定的唯一形式，可能被重新打包。", "The zip is not in its one form."),
    "zip-crc": ("条目的校验和不符。", "An entry's checksum is wrong."),
    # Manifest and files.
    "manifest-signer": ("清单没有写明由谁签署。", "The manifest does not say who signed it."),
    "manifest-items": ("清单中的证据项不成序列。", "The manifest's items are no sequence."),
    "manifest-roots": (
        "清单中的证据根与各项不符。",
        "The manifest's roots are not those of its items.",
    ),
    "manifest-files": ("清单中的文件不合规。", "The manifest's files are not what a pack holds."),
    "pack-extra-file": (
        "包内有清单之外的文件。请索取原始证据包。",
        "The pack has a file its manifest does not name. Ask for the original.",
    ),
    "pack-missing-file": (
        "清单所列的文件缺失。请索取原始证据包。",
        "A file the manifest names is missing. Ask for the original.",
    ),
    "pack-size-differs": ("文件大小与清单不符。", "A file has another size than the manifest says."),
    "pack-file-too-large": ("文件超过其格式允许的大小。", "A file is larger than its format allows."),
    "file-differs": ("文件与清单所列摘要不符。", "A file is not what the manifest names."),
    "statement-secret": ("陈述的密钥不合规。", "A statement has a secret too many or too few."),
    "statements-order": ("陈述未按日志次序排列。", "The statements are not in the order of the log."),
    "statements-heads": (
        "陈述的证明指向过多的日志检查点。",
        "The proofs of the statements lead to too many heads of the log.",
    ),
    "statement-no-item": (
        "有一条证据陈述不在清单所列各项之中。",
        "A statement of evidence is none of the items listed.",
    ),
    "signature-wrong": ("登记机构对清单的签名不成立。", "The issuer's signature of the manifest is wrong."),
    # Ranges of access lines.
    "access-missing": (
        "访问记录区间不完整：有记录缺失。",
        "The range of access lines is not whole: something of it is missing.",
    ),
    "access-differs": (
        "有访问记录与入账时的承诺不符。",
        "An access line is not the one that was committed to.",
    ),
    "access-batch": (
        "访问记录与其批次的日志陈述不符。",
        "Access lines are not those that the statement of their batch commits to.",
    ),
    "access-period": (
        "访问记录区间不是所述时间的全部记录。",
        "The range of access lines is not all there is of its time.",
    ),
    "access-thread": (
        "访问记录的批次前后不相接。",
        "A batch of access lines does not follow the one before it.",
    ),
    "access-unproved": (
        "证据包没有附访问记录批次的日志陈述。",
        "The pack does not show the statement of a batch of access lines.",
    ),
    # Items.
    "withheld": ("未披露。", "Withheld."),
    "content-differs": (
        "内容与存证时的摘要不符。",
        "The content is not the one that was deposited.",
    ),
    "item-statement-missing": ("包内没有该项的陈述。", "The pack does not show the item's statement."),
    "item-statement-differs": ("该项的陈述属于其他事项。", "The item's statement is of something else."),
    "item-unreadable": ("该项的说明无法读取。", "The item's body cannot be read."),
    "item-secret": ("缺少打开该项承诺的密钥。", "The secret that opens the item's commitment is missing."),
    "commitment": (
        "内容不是陈述所承诺的内容。",
        "The body is not the one the statement commits to.",
    ),
    "dossier-unreadable": ("登记材料的证明无法读取。", "The proof of the dossier's file cannot be read."),
    "dossier-statement-missing": (
        "包内没有打开该登记材料所属的陈述。",
        "The pack does not open the dossier's statement.",
    ),
    "nothing-shown": (
        "全部证据均未披露：没有可以核对“未经改动”的内容。",
        "All evidence is withheld: nothing was shown that could be unchanged.",
    ),
    "no-evidence": (
        "本争议没有证据：没有可以核对“未经改动”的内容。",
        "There is no evidence: nothing was shown that could be unchanged.",
    ),
    "nothing-asked": ("包内没有可核验的内容。", "The pack shows nothing of which this could be asked."),
    # The chain.
    "contract-not-pinned": (
        "您的信任策略没有指定该合约。",
        "Your policy does not pin that contract.",
    ),
    "dispute-absent": ("链上没有该争议。", "The chain has no such dispute."),
    "dispute-layout": (
        "链上的争议含有合约不可能写入的内容。",
        "The chain's dispute holds what the contract cannot have written.",
    ),
    "roots-differ": (
        "链上的证据根与包内各项不符。",
        "The chain has other roots of evidence than the pack's items give.",
    ),
    "root-absent": ("链上没有该证据根。", "The chain has not that root of evidence."),
    "root-misplaced": (
        "链上该证据根的次序或依据不同。",
        "The chain has that root in another place or on another statement.",
    ),
    "opening-differs": (
        "链上的争议与立案陈述不符。",
        "The chain's dispute is not the one that was opened.",
    ),
    "release-differs": (
        "链上的解除与解除陈述不符。",
        "The chain has the dispute ended by another statement, or by others, than the pack says.",
    ),
    "thread-incomplete": (
        "包内没有争议的开始或解除陈述。",
        "The pack does not show how the dispute began or ended.",
    ),
    "opening-withheld": ("争议的立案内容未披露。", "The opening of the dispute is withheld."),
    "ending-differs": (
        "链上所载的注销者或注销事由与陈述不符。",
        "The chain has it cancelled by others or on another ground than a statement says, or not at all.",
    ),
    "hold-missing": (
        "争议未解除，链上却没有冻结其标的。",
        "Nothing holds what an open dispute is about.",
    ),
    "as-of-block": (
        "本包说明的是其区块当时的状态，不是现在的状态。",
        "The pack tells the state as of its block, not as of now.",
    ),
    "pack-from-future": (
        "证据包自称的制作时间尚未到来；也可能是您的时钟有误。",
        "The pack claims a time yet to come; or your own clock is wrong.",
    ),
    "pack-after-block": (
        "证据包自称的制作时间晚于其所依据的区块；其间发生的事，本包没有说明。",
        "The pack claims to be younger than the block it stands on: it does not tell what came between.",
    ),
    "block-after-pack": ("证据包自称早于其区块。", "The pack claims to be older than its block."),
    # What no obligation says.
    "operators-unknown": (
        "信任策略没有写明节点由谁运营。",
        "The policy does not name who operates the nodes.",
    ),
    "single-operator": ("整条链由同一家机构运营。", "One operator runs the whole chain."),
    "parties-unknown": (
        "当事人未披露，无法判断节点运营者是否为当事人。",
        "The parties are withheld: none can be told from an operator.",
    ),
    "operator-is-party": ("有节点运营者是当事人。", "An operator of the chain is a party."),
    "claims-only": (
        "存证之前的情况只有采集人的陈述。",
        "What came before the deposit is the collector's claim alone.",
    ),
    "witness-wrong": ("见证人的签名不成立。", "A witness's signature does not hold."),
    "item-time": ("采集或交接的时间晚于存证。", "Captured or handed over after its deposit."),
    "unreadable": ("陈述的内容无法读取。", "What is claimed cannot be read."),
    "witnessed": ("有见证人签名，且与陈述相符。", "Witnesses signed what is claimed."),
    "thread-gap": ("该陈述之前的陈述不在包内。", "The statement before it is not in the pack."),
    "statements-not-shown": (
        "包内没有该项涉及的全部陈述。",
        "The pack does not show all statements the item is about.",
    ),
    "name-differs": (
        "文件名中的争议编号与包内的不同。",
        "The file is named after another dispute than the one it is about.",
    ),
    "report-differs": (
        "包内的报告与包内数据得出的不同：请勿采信，以您自己的核验结果为准。",
        "The report inside says other than the pack's own data: do not rely on it, but on your own result.",
    ),
    "report-not-compared": (
        "包内的报告未与数据核对，是登记机构自己的陈述。",
        "The report inside was not compared with the data: it is the registry's own word.",
    ),
    "report-other-edition": (
        "包内的报告是另一版本的程序写成的，未与数据核对。",
        "The report inside is of another edition than this verifier writes, and was not compared.",
    ),
    "time-authorities-none": (
        "您的信任策略没有指定时间戳机构。",
        "Your policy pins no time-stamping authority.",
    ),
    "timestamp-authority": (
        "时间戳未核验：您的信任策略没有指定这家时间戳机构。",
        "The time stamp is not covered: your policy pins no authority that vouches for it.",
    ),
    "timestamp-malformed": (
        "时间戳未核验：无法读取。",
        "The time stamp is not covered: it cannot be read.",
    ),
    "timestamp-algorithm": (
        "时间戳未核验：所用的摘要算法不予采信。",
        "The time stamp is not covered: it rests on a digest that does not count.",
    ),
    "timestamp-refused": (
        "时间戳未核验：时间戳机构没有盖戳。",
        "The time stamp is not covered: the authority had refused it.",
    ),
    "timestamp-unlinked": (
        "时间戳未核验：它不是盖在本包的日志检查点上，包内也没有把两者联系起来的证明。",
        "The time stamp is not covered: it is over something else than this pack's head of the log, and "
        "nothing in the pack links the two.",
    ),
    "timestamp-link": (
        "时间戳所盖的检查点与本包的检查点不属于同一日志：一致性证明不成立。",
        "The stamped head is none of this pack's log: the consistency proof does not hold.",
    ),
    "timestamp-earlier": (
        "时间戳早于部分陈述进入日志的时间，不涵盖这些陈述。",
        "Some statements came into the log after this time stamp, which does not cover them.",
    ),
    "timestamp-imprint": (
        "时间戳不是盖在所示的日志检查点上。",
        "The time stamp is over something else than the head of the log shown with it.",
    ),
}
