"""What the doctor says: a finding, and how findings are printed."""

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One mistake: a stable `name`, `what` it is, the `evidence` in numbers, the line to `change`, the `output`."""

    name: str
    what: str
    evidence: str
    change: str
    output: str = ""  # which one, where a model has several

    def __str__(self):
        """Return the finding in lines of at most 80 characters."""
        head = f"{self.name} (output {self.output!r})" if self.output else self.name
        lines = textwrap.wrap(head, 80, subsequent_indent="  ")
        for title in ("what", "evidence", "change"):
            head = f"  {title:<9} "
            for part in getattr(self, title).splitlines():
                indent = {"initial_indent": head, "subsequent_indent": " " * 12}
                lines += textwrap.wrap(part, 80, **indent, break_on_hyphens=False)
                head = " " * 12
        return "\n".join(lines)


class Diagnosis(list):
    """The findings of one model, worst first, and `notes`: sentences on what is right here and wrong elsewhere."""

    def __init__(self, findings=(), notes=()):
        super().__init__(findings)
        self.notes = tuple(notes)

    def __repr__(self):
        """Return what `report` prints, so that a notebook shows it."""
        lines = ["\n\n".join(map(str, self)) or "No finding."]
        for note in self.notes:
            lines.append(textwrap.fill(note, 80, initial_indent="  note      ", subsequent_indent=" " * 12))
        return "\n".join(lines)


def report(findings):
    """Print findings, worst first, or "No finding."; then the notes, if there are any.

    Parameters
    ----------
    findings : list of Finding
        What `diagnose` returned.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(findings, list) or not all(isinstance(finding, Finding) for finding in findings):
        raise ValueError(f"`findings` is a {type(findings).__name__}; wanted what diagnose(model, x, y) returns.")
    print(Diagnosis(findings, getattr(findings, "notes", ())))
