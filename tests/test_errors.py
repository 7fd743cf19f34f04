"""What a user reads where something is wrong."""

from dermai_report.errors import DermaiError, unknown_name


def test_names_of_files_do_not_steer_the_terminal() -> None:
    assert str(DermaiError("nothing at a\x1b[2Jb\r", "see \u202ec\td")) == "nothing at a\\x1b[2Jb\\r\n  see \\u202ec\\td"
    assert str(DermaiError("there is no Prüfung\u00a0€ 😀")) == "there is no Prüfung\u00a0€ 😀"


def test_the_nearest_name_and_where_it_was_looked_for() -> None:
    error = unknown_name("column", "val_los", ["val_loss", "epoch"], " in log.csv")
    assert str(error) == "no column 'val_los' in log.csv\n  did you mean 'val_loss'?"
    assert unknown_name("rule", "x", []).hint == "known: none"
