"""One table in every format."""

from mnv3.cli.tables.tabular import LEFT, Column, Footnotes, Tabular, latex, markdown, terminal

TABLE = Tabular(
    "Title, 50 %",
    [
        Column("network", "", ("a|b", "c_d"), LEFT),
        Column("cost", "paper", ("1 (a)", "-")),
        Column("cost", "ours", ("1.01", "2")),
    ],
    ["First.", "(a) why & how."],
    rules=(1,),
)


def test_markdown_has_a_cell_for_a_cell() -> None:
    assert markdown(TABLE).splitlines() == [
        "**Title, 50 %**",
        "",
        "| network | cost: paper | cost: ours |",
        "|--|--:|--:|",
        "| a\\|b | 1 (a) | 1.01 |",
        "| c_d | - | 2 |",
        "",
        "First.<br>",
        "(a) why & how.",
    ]


def test_latex_escapes_and_groups() -> None:
    lines = latex(TABLE).splitlines()
    assert "\\caption{Title, 50 \\%}" in lines
    assert "\\begin{tabular}{lrr}" in lines
    assert "\\multicolumn{1}{c}{network} & \\multicolumn{2}{c}{cost} \\\\" in lines
    assert "\\cmidrule(lr){2-3}" in lines
    assert lines[lines.index("c\\_d & - & 2 \\\\") - 1] == "\\midrule"
    assert "\\par\\footnotesize (a) why \\& how." in lines
    assert all(line.count(" & ") == 2 for line in lines if line.endswith("\\\\") and "multicolumn" not in line)


def test_a_terminal_keeps_every_cell_on_its_line() -> None:
    lines = terminal(TABLE).splitlines()
    assert lines[0].strip() == "Title, 50 %"
    row = next(line for line in lines if "a|b" in line)
    assert row.split() == ["a|b", "1", "(a)", "1.01"]
    assert lines[-2:] == ["First.", "(a) why & how."]


def test_the_same_note_has_the_same_letter() -> None:
    notes = Footnotes()
    marked = [notes.mark("1", "one"), notes.mark("2", None), notes.mark("3", "two"), notes.mark("4", "one")]
    assert marked == ["1 (a)", "2", "3 (b)", "4 (a)"]
    assert notes.lines() == ["(a) one.", "(b) two."]
