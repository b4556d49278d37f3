"""The register of promises names tests that exist, and says "not proven" where that is so."""

from pathlib import Path

import pytest

from tests.proof_register import (
    Outcome,
    Proof,
    Run,
    State,
    Verdict,
    absent,
    covers,
    exists,
    judge,
    length,
    load,
    main,
    page,
)

A, B, LONG = "tests/a.py::test_a", "tests/b.py::test_b", "tests/a.py::test_long"
PROOF = Proof("R1", "It is so.", (A, B))


def run(*printed: str, **ends: Outcome) -> Run:
    nodes = {"a": A, "a1": f"{A}[1]", "b": B, "long": LONG, "more": f"{A}_more"}
    return Run({nodes[name]: end for name, end in ends.items()}, {A: printed} if printed else {})


P, F, S = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


def test_every_promise_has_its_place_in_order() -> None:
    wanted = [*range(1, 25)], [*range(1, 11)], [*range(1, 28)]
    ids = [f"{letter}{n}" for letter, ns in zip("RHS", wanted, strict=True) for n in ns]
    assert [proof.id for proof in load()] == ids


@pytest.mark.parametrize("proof", load(), ids=lambda proof: proof.id)
def test_each_entry_names_a_test_that_exists(proof: Proof) -> None:
    assert absent(proof) == []
    assert proof.promise.endswith(".")
    told = (proof.promise, proof.part, proof.note, proof.longest)
    assert "|" not in "".join(told), "it would break the table"
    assert not (proof.part and not proof.tests), "what is not proven at all needs no remark"


def test_an_entry_that_is_gone_is_noticed() -> None:
    here = "tests/test_proof_register.py"
    assert exists(here)
    assert exists(f"{here}::test_an_entry_that_is_gone_is_noticed[case]")
    assert not exists(f"{here}::test_that_never_was")
    assert not exists("tests/test_that_never_was.py")


def test_an_entry_covers_its_cases_and_no_other_test() -> None:
    assert covers("tests/a.py", A)
    assert covers(A, f"{A}[x-1]")
    assert not covers(A, f"{A}_more")
    assert not covers("tests/a.py", "tests/a.pyx::test_a")


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (run(a=P, b=P), State.PROVEN),
        (run(a=P, a1=P, b=P), State.PROVEN),
        (run(a=P, a1=S, b=P), State.PROVEN),
        (run(a=P, a1=F, b=P), State.NOT_PROVEN),
        (run(a=F, b=P), State.NOT_PROVEN),
        (run(a=P), State.NOT_PROVEN),
        (run(more=P, b=P), State.NOT_PROVEN),
        (run(a=P, b=S), State.NOT_PROVEN),
        (run(), State.NOT_PROVEN),
    ],
)
def test_only_what_ran_and_passed_is_proven(found: Run, state: State) -> None:
    assert judge(PROOF, found).state is state


def test_a_promise_without_tests_is_not_proven() -> None:
    assert judge(Proof("R5", "It is so."), run(a=P)).state is State.NOT_PROVEN


def test_a_remark_makes_it_proven_in_part_and_heals_no_failure() -> None:
    partly = Proof("R1", "It is so.", (A,), part="the rest")
    assert judge(partly, run(a=P)).state is State.IN_PART
    assert judge(partly, run(a=F)).state is State.NOT_PROVEN


def test_a_note_stands_on_the_page_and_takes_nothing_from_the_proof() -> None:
    noted = judge(Proof("R1", "It is so.", (A,), note="And yet."), run(a=P))
    assert noted.state is State.PROVEN
    remarks, notes = page([noted], date="", seeds="", kind="").split("## Notes")
    assert "- **R1**: And yet." in notes
    assert "And yet." not in remarks


def test_a_short_run_is_no_worse_without_the_long_tests() -> None:
    proof = Proof("R1", "It is so.", (A,), (LONG,))
    assert judge(proof, run(a=P)).state is State.PROVEN
    assert judge(proof, run(a=P, long=F)).state is State.NOT_PROVEN
    only_long = Proof("R1", "It is so.", (), (LONG,))
    assert judge(only_long, run(a=P)).state is State.NOT_PROVEN
    assert judge(only_long, run(long=P)).state is State.PROVEN


def test_the_figure_is_what_the_tests_printed_for_this_promise() -> None:
    found = run("R1: 50 kills, 0 lost", "R11: 20 downloads", a=P, a1=S, b=P)
    assert judge(PROOF, found).figure == "50 kills, 0 lost; 2 tests passed; 1 skipped"
    assert judge(PROOF, run(a=P)).figure == "did not run: test_b"
    assert judge(PROOF, run()).figure == "did not run: test_a and 1 more"


def test_the_rooms_and_then_the_flows_are_one_run() -> None:
    rooms, flows = run("R1: 50 kills", a=P), run(b=P)
    assert judge(PROOF, rooms).state is judge(PROOF, flows).state is State.NOT_PROVEN
    both = rooms.then(flows)
    assert judge(PROOF, both) == Verdict(PROOF, State.PROVEN, "50 kills; 2 tests passed")


def test_of_a_test_that_ran_twice_the_later_end_counts_and_is_told() -> None:
    mended = run(a=F, b=P).then(run("R1: 3 kills", a=P))
    told = "3 kills; 2 tests passed; 1 of them only when it ran again"
    assert judge(PROOF, mended) == Verdict(PROOF, State.PROVEN, told)
    assert judge(PROOF, mended.then(run(b=P))).figure == told, "it is not forgotten"
    assert judge(PROOF, mended.then(run(a=F))).state is State.NOT_PROVEN
    assert judge(PROOF, run(a=P, b=P).then(run(a=S))).state is State.PROVEN


def test_a_run_says_whose_long_tests_it_had() -> None:
    proofs = [PROOF, Proof("R2", "So.", (A,), (LONG,)), Proof("R3", "So.", (), (B,))]
    assert length(proofs, run(a=P)) == "smoke figures"
    assert length(proofs, run(a=P, long=P, b=F)) == "full figures of R2"
    assert length(proofs, run(a=P, long=P, b=P)) == "full figures"


def test_the_page_says_openly_what_is_not_proven() -> None:
    verdicts = [judge(PROOF, run(a=P, b=P)), judge(Proof("R2", "Not so."), run())]
    text = page(verdicts, date="2026-11-29", seeds="seed 7", kind="smoke figures")
    assert "smoke figures, 2026-11-29, seed 7: 1 proven, 0 proven in part, 1 not proven." in text
    assert "| R1 | It is so. | **proven** | 2 tests passed | `make prove ID=R1` |" in text
    assert "| R2 | Not so. | not proven | no test | |" in text


@pytest.mark.parametrize("begun", [[], ["R11"]])
def test_the_tests_of_one_promise_or_of_all_are_named_for_pytest(
    begun: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(begun)
    told = capsys.readouterr().out.split()
    assert len(told) == len(set(told))
    assert any("test_sending_resume" in line for line in told)
    assert (Path(told[0].partition("::")[0]).name == "test_sending_resume.py") == bool(begun)


@pytest.mark.parametrize("unknown", ["R99", "r1"])
def test_a_promise_that_there_is_not_runs_nothing(unknown: str) -> None:
    with pytest.raises(SystemExit):
        main([unknown])
