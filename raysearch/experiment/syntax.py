"""What is wrong with a text that is not YAML, in words for a person?"""

from __future__ import annotations

import yaml
from yaml.reader import ReaderError

CHECK = "Check colons, brackets, quotes and indentation there and above."
REMEDIES = {
    "another document": "A file holds one experiment: remove the line with ---.",
    "cannot start any token": "Text that begins with such a character needs quotes.",
    "mapping values are not allowed": "Text that holds a colon and a space needs quotes; a key has "
    "a line of its own, and a space after its colon.",
    "<block end>": "Keys that belong together are indented by the same number of spaces.",
}
"""Words of a message of PyYAML -> what to do; `CHECK` for all others."""


def syntax_fault(error: yaml.YAMLError, *, text: str, source: str) -> str:
    """Return what is wrong with a text, where, and what to do.

    Args:
        error: What PyYAML raised.
        text: The text of an experiment file.
        source: Its name.

    Example:
        >>> try:
        ...     yaml.compose("name: a: b", Loader=yaml.SafeLoader)
        ... except yaml.YAMLError as error:
        ...     print(syntax_fault(error, text="name: a: b", source="a.yaml"))
        a.yaml, line 1: this is not YAML at column 8: mapping values are not allowed here. Text that
        holds a colon and a space needs quotes; a key has a line of its own, and a space after its
        colon.
    """
    if isinstance(error, ReaderError):
        line = text[: error.position].count("\n") + 1
        return (
            f"{source}, line {line}: the character U+{error.character:04X} is not text. Remove it."
        )
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{source}: this is not YAML: {error}."
    line = error.problem_mark.line + 1
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    indentation = written[: len(written) - len(written.lstrip())]
    if "\t" in indentation or "'\\t'" in str(error.problem):
        return f"{source}, line {line}: there is a tab. YAML is indented with spaces only."
    if "${" in written:
        return (
            f"{source}, line {line}: this is not YAML at column {error.problem_mark.column + 1}. "
            'Put text that holds ${...} in quotes: "${env:NAME}".'
        )
    if error.problem == "could not find expected ':'" and error.context_mark is not None:
        begun = error.context_mark.line
        return (
            f"{source}, line {begun + 1}: {lines[begun].strip()} is not KEY: VALUE. Write a colon "
            "and a space between them."
        )
    begun_in = ""
    if error.context and error.context_mark is not None:
        begun_in = f" ({error.context} that begins in line {error.context_mark.line + 1})"
    remedy = next((text for words, text in REMEDIES.items() if words in str(error.problem)), CHECK)
    return (
        f"{source}, line {line}: this is not YAML at column {error.problem_mark.column + 1}: "
        f"{error.problem}{begun_in}. {remedy}"
    )
