"""Unified social credit codes (R17): GB 32100-2015, 18 characters with a check character.

A valid code is not proof that the body exists.
"""

import stdnum.cn.uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import is_credit_code


def check_credit_code(code: str) -> str:
    """Return `code` if it is a credit code written exactly: 18 characters, upper case, no separators.

    Raises:
        DataFault: `credit-code-form` or `credit-code-check`. The code itself is not in the message.
    """
    if is_credit_code(code):
        return code
    if _only_check_is_wrong(code):
        raise DataFault(
            "The check character of this unified social credit code is wrong.",
            code="credit-code-check",
            hint="Compare it with the business licence; one character was probably mistyped.",
        )
    raise DataFault(
        "This is not a unified social credit code.",
        code="credit-code-form",
        hint="18 characters, digits and upper-case letters without I, O, S, V, Z (GB 32100-2015).",
    )


def _only_check_is_wrong(code: str) -> bool:
    try:
        stdnum.cn.uscc.validate(code)
    except InvalidChecksum:
        return True
    except ValidationError:
        pass
    return False
