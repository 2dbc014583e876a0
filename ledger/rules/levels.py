"""Data levels (R22): a level counts only under its scheme, and a profile may take some schemes alone."""

from yinzheng.ledger.rules.profiles import Profile
from yinzheng.ledger.rules.terms import InformationRoute
from yinzheng.verifier.errors import DataFault


def person_level_problem(value: int, route: InformationRoute) -> str | None:
    """Say what is wrong with the level of data about persons one by one, or None.

    De-identified and identifiable data has a record for each person; level 1 is for what may be public.
    """
    if value == 1 and route is not InformationRoute.ANONYMISED:
        return "is 1, which data about persons one by one never has (R22)"
    return None


def require_scheme(profile: Profile, scheme: str) -> None:
    """Check that the profile takes levels of this scheme.

    Raises:
        DataFault: `level-scheme`.
    """
    if profile.level_schemes is not None and scheme not in profile.level_schemes:
        raise DataFault(
            f"$.level.scheme is none of those {profile.tag} takes (R22).",
            code="level-scheme",
            hint=f"Grade the data by one of: {', '.join(sorted(profile.level_schemes))}.",
        )
