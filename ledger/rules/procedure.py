"""Which procedure a first registration takes (R8): stated by the applicant, decided by the officer.

It does not follow from the kind of source (R18): openly accessible data 公开数据 is one thing, public data
公共数据, which state organs and institutions collect or make in public duties or service, another.
"""

from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.profiles import Profile
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.verifier.errors import UsageFault


def must_be_ordinary(profile: Profile, *, public_data: bool) -> bool:
    """Tell whether the ordinary procedure is prescribed.

    It is where public data is involved, as long as the province's rules on its authorised operation are not
    in force (G6.1.1).
    """
    return public_data and not profile.public_data_rules_in_force


def check_procedure(procedure: Procedure, profile: Profile, *, public_data: bool) -> None:
    """Check that a case may take this procedure.

    Raises:
        UsageFault: `procedure-public-data`.
    """
    if procedure is Procedure.SIMPLIFIED and must_be_ordinary(profile, public_data=public_data):
        raise UsageFault(
            "Public data 公共数据 is involved, so the case takes the ordinary procedure 普通程序 (R8).",
            code="procedure-public-data",
            hint="Accept it with --procedure ordinary; once it is accepted, use `yinzheng to-ordinary`.",
        )


def deemed_procedure(stated: Procedure, profile: Profile, *, public_data: bool) -> Procedure:
    """Give the procedure of a case accepted by silence (R11): the stated one, or that prescribed."""
    return Procedure.ORDINARY if must_be_ordinary(profile, public_data=public_data) else stated


def check_move_procedure(kind: CaseType, chosen: Procedure, before: Procedure) -> None:
    """Check the procedure of a move, `before` being that of its certificate.

    Where nothing is published the contracts take that one alone (S5.23); else none that is simpler.

    Raises:
        UsageFault: `procedure-of-certificate`.
    """
    if chosen is before or (kind.published and chosen is Procedure.ORDINARY):
        return
    raise UsageFault(
        f"The certificate was registered in the {before} procedure, and the move takes no other.",
        code="procedure-of-certificate",
        hint=f"Accept it with --procedure {before}.",
    )
