"""Signed notes and checkpoints: a note by others, both kinds of keys, and what must be refused."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey, sha256
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log import note
from yinzheng.verifier.log.note import Checkpoint, NoteKey, NoteSigner, open_checkpoint, open_note, parse_vkey

# From the documentation of golang.org/x/mod/sumdb/note.
NEUMANN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
NEUMANN_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
NEUMANN_LINE = f"— PeterNeumann {NEUMANN_SIGNATURE}\n"
NEUMANN_NOTE = f"{NEUMANN_TEXT}\n{NEUMANN_LINE}"
NEUMANN = parse_vkey(NEUMANN_VKEY)

ORIGIN = "log.example/印证"
ED = NoteSigner(ORIGIN, Ed25519PrivateKey(b"e" * 32))
SM = NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(b"s" * 32))
STRANGER = NoteSigner("stranger.example", Ed25519PrivateKey(b"x" * 32))
HEAD = Checkpoint(ORIGIN, 7, sha256(b"root"))
SIGNED = note.sign_checkpoint(HEAD, [ED, SM])


def fault_of(call: object, *arguments: object) -> str:
    with pytest.raises(DataFault) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


def line(name: str, payload: bytes) -> str:
    return f"— {name} {base64.b64encode(payload).decode()}\n"


class TestKeys:
    def test_key_by_others(self) -> None:
        assert (NEUMANN.name, NEUMANN.key_id.hex()) == ("PeterNeumann", "c74f20a3")
        assert NEUMANN.vkey == NEUMANN_VKEY

    @pytest.mark.parametrize("signer", [ED, SM], ids=["ed25519", "sm2"])
    def test_round_trip(self, signer: NoteSigner) -> None:
        assert parse_vkey(signer.key.vkey) == signer.key

    def test_sm2_layout(self) -> None:
        # S4.3, spelled out.
        public = SM.private_key.public_key.point  # type: ignore[union-attr]
        encoded = b"\xffyinzheng.sm2-sm3.v1" + public
        key_id = sha256(ORIGIN.encode() + b"\x0a" + encoded)[:4]

        assert SM.key.vkey == f"{ORIGIN}+{key_id.hex()}+{base64.b64encode(encoded).decode()}"
        signature = base64.b64decode(SM.sign_line("text\n").split(" ")[2])
        assert signature[:4] == key_id
        assert len(signature) == 68
        assert SM.private_key.public_key.verify(b"text\n", signature[4:])

    @pytest.mark.parametrize(
        "vkey",
        [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            NEUMANN_VKEY.replace("c74f20a3", "c74f20a4"),
            NEUMANN_VKEY.replace("c74f20a3", "C74F20A3"),
            NEUMANN_VKEY.replace("Peter", "Petra"),
            NEUMANN_VKEY.replace("Peter", "Peter "),
            NEUMANN_VKEY.removeprefix("PeterNeumann"),
            NEUMANN_VKEY + "\n",
            NEUMANN_VKEY + "=",
            NEUMANN_VKEY[:-1] + "X",
            NEUMANN_VKEY.replace("+ARpc", "+Arpc"),
            "name+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
            "name+00000000+" + base64.b64encode(b"\xffother" + bytes(65)).decode(),
            "name+00000000+é",
        ],
    )
    def test_refuses(self, vkey: str) -> None:
        assert fault_of(parse_vkey, vkey) == "note-key"

    def test_refuses_keys_that_are_none(self) -> None:
        sm2 = base64.b64encode(note.SM2_TYPE + b"\x04" + bytes(64)).decode()
        assert fault_of(parse_vkey, f"name+00000000+{sm2}") == "sm2-key"
        ed25519 = base64.b64encode(b"\x01" + bytes(31)).decode()
        assert fault_of(parse_vkey, f"name+00000000+{ed25519}") == "ed25519-key"

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\u00a0", "a\nb", "a\tb", "\x00"])
    def test_impossible_names(self, name: str) -> None:
        assert fault_of(NoteKey, name, NEUMANN.key) == "note-key"


class TestOpening:
    def test_note_by_others(self) -> None:
        opened = open_note(NEUMANN_NOTE, [NEUMANN])

        assert opened.text == NEUMANN_TEXT
        assert opened.signers == {NEUMANN}
        assert open_note(NEUMANN_NOTE.encode(), [NEUMANN]) == opened

    def test_signing_is_what_others_read(self) -> None:
        signed = note.sign_note(NEUMANN_TEXT, [ED, SM])

        assert open_note(signed, [ED.key]).signers == {ED.key}
        assert open_note(signed, [SM.key]).signers == {SM.key}
        assert open_note(signed, [ED.key, SM.key, ED.key]).signers == {ED.key, SM.key}

    @settings(max_examples=40, deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(32)])))
    def test_any_text_round_trips(self, text: str) -> None:
        text += "\n\n— not a signature\n"

        assert open_note(note.sign_note(text, [ED]), [ED.key]).text == text

    def test_unknown_signatures_are_ignored(self) -> None:
        same_id = line(ORIGIN, NEUMANN.key_id + b"x")
        same_name = line("PeterNeumann", b"\0\0\0\0x")
        whole = f"{NEUMANN_TEXT}\n{same_id}{same_name}{STRANGER.sign_line(NEUMANN_TEXT)}{NEUMANN_LINE}"

        assert open_note(whole, [NEUMANN]).signers == {NEUMANN}

    def test_a_wrong_signature_of_a_known_key_condemns_the_note(self) -> None:
        wrong = line(ORIGIN, ED.key.key_id + bytes(64))

        assert fault_of(open_note, NEUMANN_NOTE + wrong, [NEUMANN, ED.key]) == "note-signature"
        assert fault_of(open_note, SIGNED + wrong, [ED.key]) == "note-signature"
        open_note(NEUMANN_NOTE + wrong, [NEUMANN])

    def test_another_text_is_refused(self) -> None:
        assert fault_of(open_note, NEUMANN_NOTE.replace("answer", "Answer"), [NEUMANN]) == "note-signature"

    def test_nobody_known_has_signed(self) -> None:
        assert fault_of(open_note, NEUMANN_NOTE, [ED.key]) == "note-unsigned"
        assert fault_of(open_note, NEUMANN_NOTE, []) == "note-unsigned"

    def test_keys_that_share_name_and_id_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(note, "key_id_of", lambda _name, _encoded: b"same")
        keys = [NoteKey(one.key.name, one.key.key) for one in (ED, SM)]
        with pytest.raises(UsageFault):
            open_note(SIGNED, keys)

    @pytest.mark.parametrize(
        "whole",
        [
            "",
            "\n",
            NEUMANN_TEXT,
            NEUMANN_TEXT + "\n",
            NEUMANN_TEXT + NEUMANN_LINE,
            NEUMANN_NOTE[:-1],
            NEUMANN_NOTE + "\n",
            NEUMANN_NOTE + "more\n",
            NEUMANN_NOTE.replace("\n", "\r\n"),
            NEUMANN_NOTE.replace("If", "\tIf"),
            NEUMANN_NOTE.replace("— ", "- "),
            NEUMANN_NOTE.replace("— ", "—"),
            NEUMANN_NOTE.replace("PeterNeumann ", "PeterNeumann"),
            NEUMANN_NOTE.replace("PeterNeumann ", "Peter+Neumann "),
            NEUMANN_NOTE.replace("— PeterNeumann", "— "),
            NEUMANN_NOTE.replace("x08go", "x0 8go"),
            NEUMANN_NOTE.replace("nAM=", "nAM"),
            NEUMANN_NOTE.replace("nAM=", "nAN="),
            NEUMANN_NOTE.replace("nAM=", "nAé="),
            f"{NEUMANN_TEXT}\n{line('name', b'four')}",
            NEUMANN_NOTE + line("stranger", b"12345") * note.MAX_SIGNATURES,
            "x" * note.MAX_NOTE_BYTES + NEUMANN_NOTE,
            "\ud800" + NEUMANN_NOTE,
            b"\xff" + NEUMANN_NOTE.encode(),
        ],
        ids=lambda whole: repr(whole[-24:]),
    )
    def test_malformed(self, whole: str | bytes) -> None:
        assert fault_of(open_note, whole, [NEUMANN]) == "note-malformed"

    def test_as_many_signatures_as_allowed(self) -> None:
        strangers = line("stranger", b"12345") * (note.MAX_SIGNATURES - 1)

        assert open_note(f"{NEUMANN_TEXT}\n{strangers}{NEUMANN_LINE}", [NEUMANN]).signers == {NEUMANN}

    @pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n"])
    def test_impossible_texts_are_not_signed(self, text: str) -> None:
        with pytest.raises(UsageFault):
            note.sign_note(text, [ED])


class TestCheckpoints:
    def test_layout(self) -> None:
        assert HEAD.text == f"{ORIGIN}\n7\n{base64.b64encode(HEAD.root).decode()}\n"
        assert SIGNED.startswith(HEAD.text + "\n— " + ORIGIN)

    def test_example_of_the_standard(self) -> None:
        text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        signature = (
            "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
        )
        head = note.peek_checkpoint(f"{text}\n— example.com/behind-the-sofa {signature}\n")

        assert (head.origin, head.size, head.text) == ("example.com/behind-the-sofa", 20852163, text)

    @given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
    def test_round_trip(self, size: int, root: bytes) -> None:
        head = Checkpoint(ORIGIN, size, root)

        assert Checkpoint.from_text(head.text) == head

    def test_every_pinned_key_must_have_signed(self) -> None:
        both = [ED.key, SM.key]

        assert open_checkpoint(SIGNED, ORIGIN, both) == HEAD
        assert open_checkpoint(SIGNED, ORIGIN, [ED.key]) == HEAD
        for absent, present in ((ED, SM), (SM, ED)):
            with pytest.raises(DataFault) as caught:
                open_checkpoint(note.sign_checkpoint(HEAD, [present]), ORIGIN, both)
            assert caught.value.code == "checkpoint-signature-missing"
            assert caught.value.data["missing"] == [absent.key.vkey]

    def test_nothing_pinned_is_nothing_signed(self) -> None:
        assert fault_of(open_checkpoint, SIGNED, ORIGIN, []) == "note-unsigned"

    def test_another_origin_is_refused(self) -> None:
        assert fault_of(open_checkpoint, SIGNED, "other.example", [ED.key]) == "checkpoint-origin"

    def test_a_tampered_line_is_refused(self) -> None:
        for signer in (ED, SM):
            good = signer.sign_line(HEAD.text)
            payload = bytearray(base64.b64decode(good.split(" ")[2]))
            payload[-1] ^= 1
            tampered = f"{HEAD.text}\n{line(ORIGIN, bytes(payload))}"
            assert fault_of(open_checkpoint, tampered, ORIGIN, [signer.key]) == "note-signature"

    def test_is_signed_under_its_origin(self) -> None:
        with pytest.raises(UsageFault):
            note.sign_checkpoint(HEAD, [ED, STRANGER])

    @pytest.mark.parametrize(
        "text",
        [
            "",
            HEAD.text[:-1],
            HEAD.text + "extension\n",
            HEAD.text + "\n",
            HEAD.text.replace("\n7\n", "\n07\n"),
            HEAD.text.replace("\n7\n", "\n+7\n"),
            HEAD.text.replace("\n7\n", "\n-7\n"),
            HEAD.text.replace("\n7\n", "\n７\n"),
            HEAD.text.replace("\n7\n", "\n9223372036854775808\n"),
            HEAD.text.replace("\n7\n", "\n99999999999999999999\n"),
            HEAD.text.replace(ORIGIN, ""),
            HEAD.text.replace(ORIGIN, "two words"),
            HEAD.text.replace("=", ""),
            "log.example\n7\nAAAA\n",
        ],
    )
    def test_malformed(self, text: str) -> None:
        assert fault_of(Checkpoint.from_text, text) == "checkpoint-malformed"
