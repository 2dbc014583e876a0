"""Unified social credit codes (R17): GB 32100-2015, 18 characters with a check character.

A valid code is not proof that the body exists.
"""

import stdnum.cn.uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from verifier.errors import DataFault


def check_credit_code(code: str) -> str:
    """Return `code` if it is a credit code written exactly: 18 characters, upper case, no separators.

    Raises:
        DataFault: `credit-code-form` or `credit-code-check`. The code itself is not in the message.
    """
    try:
        exact = stdnum.cn.uscc.validate(code) == code
    except InvalidChecksum:
        raise DataFault(
            "The check character of this unified social credit code is wrong.",
            code="credit-code-check",
            hint="Compare it with the business licence; one character was probably mistyped.",
        ) from None
    except ValidationError:
        exact = False
    if not exact:
        raise DataFault(
            "This is not a unified social credit code.",
            code="credit-code-form",
            hint="18 characters, digits and upper-case letters without I, O, S, V, Z (GB 32100-2015).",
        )
    return code


def is_credit_code(code: str) -> bool:
    """Tell whether `check_credit_code` would accept `code`."""
    try:
        check_credit_code(code)
    except DataFault:
        return False
    return True
