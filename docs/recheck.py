"""python3 recheck.py case.zip policy.json：按您自己取得的信任策略复核证据包，只用 Python 标准库与 openssl。
Re-check an evidence pack with Python's standard library and openssl, under the policy you obtained yourself.
Written after S1-S4, S10 and S14 of the specification. The chain's proofs are not checked here: HOWTO.txt, step 7.
Python's hashlib must know SM3 (OpenSSL since 1.1.1). Exit: 0 all holds, 1 something is wrong, 3 cannot be told."""
import base64, hashlib, hmac, json, os, subprocess, sys, tempfile, zipfile
WRONG = []
def check(good, what):
    print("ok   " if good else "WRONG", what if what.isprintable() and what.isascii() else ascii(what))
    WRONG.extend([] if good else [what])
def sha256(data): return hashlib.sha256(data).digest()
def node(left, right): return sha256(b"\1" + left + right)
def canonical(value):  # RFC 8785: the names that occur are ASCII, the numbers are integers
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
def leaf_of(value): return sha256(b"\0" + canonical(value))
def digests(pack, path):
    both = [hashlib.sha256(), hashlib.new("sm3")]
    try:
        for piece in iter(lambda file=pack.open(path): file.read(1 << 20), b""):
            both[0].update(piece), both[1].update(piece)
    except (KeyError, zipfile.BadZipFile):
        return None  # missing, or not what its checksum says
    return {"sha256": both[0].hexdigest(), "sm3": both[1].hexdigest()}
def committed(commitment, secret, data):  # S2.2 without a secret, S2.3 with one
    digest = (lambda n: hmac.new(bytes.fromhex(secret), data, n)) if secret else (lambda n: hashlib.new(n, data))
    return all(digest(name).hexdigest() == commitment[name] for name in ("sha256", "sm3"))
def signed(der_prefix, key, message, signature, *options):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in "kms"]
        for path, data in zip(paths, (bytes.fromhex(der_prefix) + key, message, signature)):
            open(path, "wb").write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0], "-rawin", *options]
        return not subprocess.run([*command, "-in", paths[1], "-sigfile", paths[2]], capture_output=True).returncode
def sm2(key, message, signature):
    if len(signature) == 64:  # r || s: as two INTEGERs in a SEQUENCE
        parts = [signature[:32].lstrip(b"\0"), signature[32:].lstrip(b"\0")]
        parts = [b"\0" + part if not part or part[0] > 127 else part for part in parts]
        body = b"".join(b"\2" + bytes([len(part)]) + part for part in parts)
        signature = b"\x30" + bytes([len(body)]) + body
    options = ("-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
    return signed("3059301306072a8648ce3d020106082a811ccf5501822d034200", key, message, signature, *options)
def root_of_proof(leaf, index, size, path):  # RFC 9162, section 2.1.3.2
    inside, last, root = index < size, size - 1, leaf
    for other in path:
        if index & 1 or index == last:
            root = node(other, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node(root, other)
        index, last = index >> 1, last >> 1
    return root if inside and last == 0 else None
def tree(leaves):  # RFC 6962, section 2.1
    half = 1 << (len(leaves) - 1).bit_length() - 1 if len(leaves) > 1 else 0
    return node(tree(leaves[:half]), tree(leaves[half:])) if half else leaves[0]
def head_of(note, log):  # C2SP signed-note: every key that the policy pins has signed
    text, lines = (part + "\n" for part in note.split("\n\n", 1))
    found = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines() if line]
    origin, size, root = text.splitlines()
    good = origin == log["origin"]
    for _, key_id, key in (vkey.split("+", 2) for vkey in log["keys"]):
        key, mine = base64.b64decode(key), [one[4:] for one in found if one[:4].hex() == key_id][:1]
        ed25519 = mine and key[0] == 1 and signed("302a300506032b6570032100", key[1:], text.encode(), mine[0])
        good = good and bool(ed25519 or (mine and key[0] == 255 and sm2(key[-65:], text.encode(), mine[0])))
    return good, int(size), base64.b64decode(root)

def recheck(pack, policy):
    if any(one.compress_type or one.flag_bits for one in pack.infolist()) or "manifest.sig" not in pack.namelist():
        raise ValueError("no pack, or packed anew: ask for the original")
    manifest = json.loads(pack.read("manifest.json"))
    issuer = bytes.fromhex(next((one["key"] for one in policy["issuers"] if one["kid"] == manifest["signer"]), ""))
    if not issuer:
        raise ValueError("signed by a key that the policy does not pin: not one of ours")
    check(sm2(issuer, b"yinzheng/pack/1\n" + pack.read("manifest.json"), pack.read("manifest.sig")), "manifest.sig")
    check(pack.namelist()[2:] == [file["path"] for file in manifest["files"]], "files are those of the manifest")
    for file in manifest["files"]:
        check(digests(pack, file["path"]) == file["digest"], file["path"])
    by_path, heads, items = {file["path"]: file["digest"] for file in manifest["files"]}, {}, {}
    for path, leaf in ((f"items/{one['number']:04}/", one["leaf"]) for one in manifest["items"] if one["disclosed"]):
        items[leaf] = pack.read(path + "item.json")
        check(json.loads(items[leaf])["digest"] == by_path[path + "content"], path + "item.json names its content")
    statements = {leaf_of(one["statement"]).hex(): one for one in json.loads(pack.read("statements.json"))}
    check(set(items) <= set(statements), "every item shown has its statement")
    for leaf, one in statements.items():
        proof, note = one["proof"].split("\n\n", 1)
        if note not in heads:
            heads[note] = head_of(note, policy["log"])
            check(heads[note][0], f"signatures of the checkpoint of size {heads[note][1]}")
        path = [base64.b64decode(line) for line in proof.split("\n")[2:]]
        root = root_of_proof(bytes.fromhex(leaf), int(proof.split("\n")[1][6:]), heads[note][1], path)
        check(root == heads[note][2], f"statement {leaf} is in the log")
        if leaf in items or one["body"] is not None:
            body, commitment = items.get(leaf) or canonical(one["body"]), one["statement"]["commitment"]
            check(committed(commitment, one["secret"], body), f"statement {leaf} commits to its body")
    for listed in manifest["roots"]:
        root = tree([bytes.fromhex(item["leaf"]) for item in manifest["items"][: listed["size"]]])
        check(root.hex() == listed["root"], f"root of evidence over the first {listed['size']} items")
    for path in (path for path in by_path if path.startswith("dossier/") and path.endswith("/proof.json")):
        proof = json.loads(pack.read(path))
        shown, files = proof["disclosure"], statements[proof["statement"]]["body"]["files"]
        leaf = leaf_of({**shown["entry"], "salt": shown["salt"]})
        root = root_of_proof(leaf, shown["index"], files["count"], [bytes.fromhex(one) for one in shown["path"]])
        same = shown["entry"]["digest"] == by_path[path[:-10] + "content"]
        check(same and root and root.hex() == files["root"], path[:-11] + " belongs to its dossier")
    shown = items or any(path.startswith("dossier/") for path in by_path)
    if not WRONG and not shown:
        return "no evidence is shown: nothing that could be unchanged"
    return "see above" if WRONG else "all holds: unchanged since the deposit (steps 1 to 6)"

if len(sys.argv) != 3:
    print("python3 recheck.py case.zip policy.json"), sys.exit(2)
try:
    said = recheck(zipfile.ZipFile(sys.argv[1]), json.load(open(sys.argv[2], "rb")))
except Exception as fault:  # whatever it is fed, it answers in words
    said = f"cannot be checked: {type(fault).__name__}: {fault}"
print(*([f"{len(WRONG)} wrong;"] if WRONG else []), ascii(said)[1:-1])
sys.exit(1 if WRONG else 0 if said.startswith("all") else 3)
