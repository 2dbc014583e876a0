"""What readers take out of the slots of licences, remarks, lines and accounts is what the contracts show."""

from tests.contracts.disputes import DAY, FORUM
from tests.contracts.estate import ALONE, JOINT, OTHER, PLEDGE, SEIZURE, Estate
from tests.contracts.holders import DELAY, FIRM, HOSPITAL, INSTITUTE, KEYS
from tests.contracts.storage import same, words
from tests.contracts.world import OFFICERS, address, b32, person
from yinzheng.ledger.chain.approvals_moves import NOTHING
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.records_moves import Initiator
from yinzheng.verifier.chain import layout_moves as layout
from yinzheng.verifier.chain.layout import REMARK_BITS, Ending, decode_record, record_slots

REMARK = ("certificate", "document", "by_forum", "set_at", "lifted_at", "lifted_by_forum", "lifting")
LICENCE = set(layout.ChainLicence.__slots__) - {"ending"}


def test_licences_and_lines(estate: Estate) -> None:
    client, w3 = estate.court.client, estate.court.world.w3
    contract = client.modules.moves
    first = estate.licensed(exclusive=True, acts=0b100000, territory=1 << 18)
    second = estate.licensed(licensee=INSTITUTE, valid_until=estate.now + 5 * DAY)
    estate.send(estate.end_licence(second))
    successor, _ = estate.transferred()
    third = estate.licensed(certificate=successor, licensor=INSTITUTE, acts=8)

    for id_ in (first, second, third):
        read = layout.decode_licence(words(w3, contract, layout.licence_slots(id_)))
        shown = client.licence(id_)
        assert read is not None
        assert shown is not None
        same(read, shown, LICENCE)
        assert read.ending == layout.ENDINGS[shown.ending]
    for certificate, given in ((ALONE, (first, second)), (successor, (third,)), (JOINT, ())):
        (count,) = words(w3, contract, [layout.given_slot(certificate)])
        assert count == len(given)
        assert layout.decode_given(words(w3, contract, layout.given_slots(certificate, 0, count))) == given
    assert layout.decode_given(words(w3, contract, layout.given_slots(ALONE, 1, 1))) == (second,)
    for certificate, organisation in ((ALONE, HOSPITAL), (successor, INSTITUTE), (JOINT, FIRM)):
        line = layout.decode_line(words(w3, contract, layout.line_slots(certificate)))
        assert line.of(certificate, organisation) == client.line_of(certificate, organisation)
    assert layout.decode_licence(words(w3, contract, layout.licence_slots(b32(9)))) is None


def test_when_a_licence_is_in_force(estate: Estate) -> None:
    w3, contract = estate.court.world.w3, estate.court.client.modules.moves
    begins = estate.now + DAY
    id_ = estate.licensed(valid_from=begins, valid_until=begins + DAY)
    read = layout.decode_licence(words(w3, contract, layout.licence_slots(id_)))
    assert read is not None
    asked = (begins - 1, begins, begins + DAY, begins + DAY + 1)
    assert [read.in_force_at(at) for at in asked] == [False, True, True, False]
    estate.court.pass_to(begins + 10)
    estate.send(estate.end_licence(id_))
    ended = layout.decode_licence(words(w3, contract, layout.licence_slots(id_)))
    assert ended is not None
    assert [ended.in_force_at(at) for at in (ended.ended_at - 1, ended.ended_at)] == [True, False]


def test_remarks_and_why_they_stand(estate: Estate) -> None:
    client, w3 = estate.court.client, estate.court.world.w3
    contract, names = client.modules.standing, {bit: name for name, bit in REMARK_BITS.items()}
    seized, pledged, lifting = b32(31), b32(32), b32(33)
    estate.send(estate.remark(SEIZURE, FORUM, statement=seized))
    estate.send(estate.remark(PLEDGE, statement=pledged, document=b32(34)))
    estate.send(estate.lift(SEIZURE, seized, FORUM, statement=lifting))
    for statement in (seized, pledged):
        read = layout.decode_remark(words(w3, contract, layout.remark_slots(statement)))
        shown = client.remark(statement)
        assert read is not None
        assert shown is not None
        same(read, shown, REMARK)
        assert read.kind == names[shown.kind]
    for kind in (SEIZURE, PLEDGE, OTHER):
        (word,) = words(w3, contract, [layout.marks_slot(ALONE, names[kind])])
        same(layout.decode_marks(word), client.marks(ALONE, kind), ("entered", "deposited", "known"))
    assert layout.decode_remark(words(w3, contract, layout.remark_slots(lifting))) is None


def test_the_lifting_of_what_came_with_a_certificate_stands_under_its_own_statement(estate: Estate) -> None:
    client, w3 = estate.court.client, estate.court.world.w3
    id_ = b32(804)
    estate.held[id_] = ((HOSPITAL, 7),)
    estate.deposit(id_, Procedure.SIMPLIFIED, remarks=SEIZURE | PLEDGE)
    for kind, who in ((SEIZURE, FORUM), (PLEDGE, OFFICERS[0])):
        lifting = estate.fresh()
        estate.send(estate.lift(kind, NOTHING, who, id=id_, statement=lifting, document=b32(34)))
        read = layout.decode_remark(words(w3, client.modules.standing, layout.remark_slots(lifting)))
        assert read is not None
        same(read, client.remark(lifting), REMARK)
        assert (read.came, read.lifting, read.lifted_at) == (True, lifting, estate.now)
        assert (read.by_forum, read.lifted_by_forum) == (False, who is FORUM)
        # It is no remark that stands: nobody lifts it again.
        assert estate.code(estate.lift(kind, lifting, FORUM, id=id_, document=b32(34)))


def test_who_had_it_cancelled_and_why(estate: Estate) -> None:
    client, w3 = estate.court.client, estate.court.world.w3
    assert estate.record(ALONE).ending == 0
    estate.send(estate.cancel(Initiator.FORUM, FORUM))
    for id_, ending in ((ALONE, Ending("forum", "document")), (JOINT, None)):
        read = decode_record(words(w3, client.deployment.rights, record_slots(id_)))
        assert read is not None
        assert read.ending == ending


def test_which_account_signs(estate: Estate) -> None:
    client, w3 = estate.court.client, estate.court.world.w3

    def read(organisation: bytes) -> layout.ChainAccount | None:
        return layout.decode_account(words(w3, client.modules.holders, layout.account_slots(organisation)))

    known = ("account", "state", "contested", "serial", "key", "since", "ended_at", "lost_at", "changed_at")
    now = read(HOSPITAL)
    assert now is not None
    same(now, client.holder(HOSPITAL), known)
    assert now.signs_at(estate.now) == address(KEYS[HOSPITAL]) == client.account_of(HOSPITAL)
    estate.send(estate.accounts.replace(HOSPITAL, person(7100)))
    announced = read(HOSPITAL)
    assert announced is not None
    assert announced.signs_at(announced.next_from - 1) == address(KEYS[HOSPITAL])
    assert announced.signs_at(announced.next_from) == address(person(7100))
    assert announced.next_from == estate.now + DELAY
    estate.send(estate.accounts.revoke(FIRM))
    lost = read(FIRM)
    assert lost is not None
    assert (lost.state, lost.signs_at(estate.now)) == (layout.LOST, None)
    assert read(b32(9)) is None
