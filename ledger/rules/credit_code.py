"""Unified social credit codes as people enter them (R17): what is wrong with one, in words.

A valid code is not proof that the body exists.
"""

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.creditcode import has_form, is_credit_code, is_resident_number


def check_credit_code(code: str) -> str:
    """Return `code` if it is a credit code written exactly: 18 characters, upper case, no separators.

    Raises:
        DataFault: `credit-code-person` (a resident's identity number), `credit-code-check` or
            `credit-code-form`. The code itself is not in the message.
    """
    if is_credit_code(code):
        return code
    if is_resident_number(code.strip().upper()):
        raise DataFault(
            "This is a resident's identity number, not a unified social credit code.",
            code="credit-code-person",
            hint="Give the code of the organisation; numbers of persons have no place here.",
        )
    if has_form(code):
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
