"""The text that says how to check a pack with common tools alone (S14.5): one text for every pack."""

from typing import Final

HOWTO: Final = """\
如何用常见工具复核本证据包  (English below)

一切结论都可以不依赖我们的软件重算。规则见登记机构公布的规范 S1–S5、S7、S10、S14。信任的起点只有一份：
您自己取得的信任策略（发证公钥、日志公钥、验证节点、合约地址），而不是本包内的 trust.json。

1. 解包并核对文件：unzip case.zip -d case && cd case
   manifest.json 列出每个文件的大小与摘要：sha256sum items/0001/content ；
   openssl dgst -sm3 items/0001/content
2. 清单签名（SM2/SM3，标识 1234567812345678，DER）：
   (printf 'yinzheng/pack/1\\n'; cat manifest.json) > signed.bin
   openssl pkeyutl -verify -pubin -inkey issuer.pem -rawin -digest sm3 \\
     -pkeyopt distid:1234567812345678 -in signed.bin -sigfile manifest.sig
3. 证据项：items/0001/item.json 记载内容的摘要、采集人、工具、环境、时间与保管链；与 content 比对。
   statements.json 中该项陈述（type = dispute.evidence，按顺序）含 secret 与 commitment：
   openssl dgst -sha256 -mac HMAC -macopt hexkey:SECRET items/0001/item.json
   openssl dgst -sm3 -mac HMAC -macopt hexkey:SECRET items/0001/item.json
4. 陈述的叶子：SHA-256(0x00 || 陈述的规范字节)，规范字节为 RFC 8785（键排序、无空格）：
   (printf '\\000'; jq -cjS '.[0].statement' statements.json) | sha256sum
   应等于 manifest.json 中该项的 leaf。
5. 日志：proof 是 C2SP tlog-proof：按 RFC 9162 第 2.1.3.2 节由叶子与路径算出根，应等于检查点的根；
   检查点两行签名（Ed25519 与 SM2）按 C2SP signed-note 验证。
6. 证据根：manifest.json 中各 leaf 按顺序构成 RFC 6962 树，其根应等于 roots 所列。未披露的项只有叶子。
7. 链：chain.json 的区块头逐个 keccak256 相连，签封者（extraData 末 65 字节恢复出的地址）是信任策略中的验证
   节点且过半数；账户与存储的证明（eth_getProof）由首个区块头的状态根验证。锚定合约存有检查点的根，
   保全合约存有争议、证据根、当事人与标的，权利与同意合约存有冻结计数（槽位见 S5）。
8. 时间戳（如有）盖在日志检查点上：
   jq -j '.[0].proof' statements.json | sed '1,/^$/d' > checkpoint
   openssl ts -verify -data checkpoint -in timestamps/NAME.tsr -CAfile authority.pem

摘要与链只说明“自存证之时起未改动”，不说明存证之前的真实性：来源、生成与保管由采集人陈述，标为陈述。

How to check this pack with common tools alone

Every conclusion can be computed anew without our software. The rules are sections S1–S5, S7, S10 and S14 of
the registry's published specification. Trust begins in one place: the policy you obtained yourself (issuer
key, log keys, validators, contract addresses), not in the trust.json of this pack.

1. Unpack and check the files: unzip case.zip -d case && cd case
   manifest.json lists size and digests of every file: sha256sum items/0001/content ;
   openssl dgst -sm3 items/0001/content
2. The manifest's signature (SM2 with SM3, ID 1234567812345678, DER):
   (printf 'yinzheng/pack/1\\n'; cat manifest.json) > signed.bin
   openssl pkeyutl -verify -pubin -inkey issuer.pem -rawin -digest sm3 \\
     -pkeyopt distid:1234567812345678 -in signed.bin -sigfile manifest.sig
3. Evidence items: items/0001/item.json names the digests of the content, the collector, tool, environment,
   times and custody; compare with content. The item's statement in statements.json (type dispute.evidence,
   in order) has secret and commitment:
   openssl dgst -sha256 -mac HMAC -macopt hexkey:SECRET items/0001/item.json
   openssl dgst -sm3 -mac HMAC -macopt hexkey:SECRET items/0001/item.json
4. The leaf of a statement is SHA-256(0x00 || its canonical bytes), which are RFC 8785 (names sorted, no
   spaces):
   (printf '\\000'; jq -cjS '.[0].statement' statements.json) | sha256sum
   It must be the leaf that manifest.json lists for the item.
5. The log: proof is a C2SP tlog-proof. Leaf and path lead to a root (RFC 9162 section 2.1.3.2), which must be
   that of the checkpoint, whose two signatures (Ed25519 and SM2) are checked as C2SP signed-note says.
6. Roots of evidence: the leaves in manifest.json, in order, form an RFC 6962 tree; its roots must be those
   listed under roots. Of a withheld item there is the leaf alone.
7. The chain: the headers in chain.json are linked by keccak256 and sealed (address recovered from the last 65
   bytes of extraData) by more than half of the validators of the policy; account and storage proofs
   (eth_getProof) are checked against the first header's state root. The anchor contract holds the
   checkpoint's root; the preservation contract the dispute, its roots, parties and subjects; the contracts of
   rights and consents the holds (slots: S5).
8. Time stamps, if any, are over the checkpoint:
   jq -j '.[0].proof' statements.json | sed '1,/^$/d' > checkpoint
   openssl ts -verify -data checkpoint -in timestamps/NAME.tsr -CAfile authority.pem

Digests and chain say "unchanged since the deposit". They say nothing about the truth before it: source,
making and keeping are what the collector claims, and are marked as claims.
"""
