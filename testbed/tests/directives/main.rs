//! What systemd's sandboxing directives do on real systemds: each is tried without the directive and with it.
//!
//! One test for each case and machine, called `MACHINE/CASE` after the machine that it needs. A machine boots once, for
//! the first of its tests. What is expected is in `matrix.tsv`; with `RINGFENCE_TESTBED_BLESS=1` the tests that run
//! write what they see into it instead of failing.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod case;
mod matrix;
mod run;
mod verdict;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use ringfence_testbed::Machine;

use case::Case;
use matrix::{MACHINES, Matrix, UP_TO_THE_HOST};
use run::Outcomes;
use verdict::Verdict;

static CASES: LazyLock<BTreeMap<String, Case>> = LazyLock::new(case::cases);
static EXPECTED: LazyLock<Matrix> = LazyLock::new(matrix::expected);
static SEEN: Mutex<Matrix> = Mutex::new(Matrix::new());

fn main() {
    let arguments = Arguments::from_args();
    let bless = std::env::var_os("RINGFENCE_TESTBED_BLESS").is_some();
    let mut trials = vec![Trial::test("the_table_has_all_cases", move || {
        all_cases(bless)
    })];
    let machines: Vec<_> = MACHINES
        .into_iter()
        .map(|(name, image, kind)| {
            let outcomes: Arc<OnceLock<Result<Outcomes, String>>> = Arc::default();
            let run = move || {
                let machine = Machine::boot(image, kind).map_err(|error| error.to_string())?;
                run::run(&machine, &CASES).map_err(|error| error.to_string())
            };
            (name, outcomes, run)
        })
        .collect();
    // Case by case rather than machine by machine, so that machines boot beside each other.
    for case in CASES.keys() {
        for (name, outcomes, run) in machines.iter().cloned() {
            let test = move || compare(name, case, outcomes.get_or_init(run), bless);
            trials.push(Trial::test(format!("{name}/{case}"), test));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if bless && !arguments.list {
        let mut matrix = EXPECTED.clone();
        matrix.append(&mut SEEN.lock().expect("no test panics with it"));
        matrix::write(&matrix, CASES.keys());
    }
    conclusion.exit();
}

/// Fails for a case or a cell too many or too few.
fn all_cases(bless: bool) -> Result<(), Failed> {
    let mut mistakes = case::mistakes();
    let listed =
        |machine: &str, case: &String| EXPECTED.contains_key(&(machine.to_owned(), case.clone()));
    for (machine, ..) in MACHINES {
        let missing = CASES.keys().filter(|case| !listed(machine, case));
        mistakes.extend(missing.map(|case| format!("matrix.tsv lacks {machine}/{case}")));
    }
    let strangers = EXPECTED
        .keys()
        .filter(|(_, case)| !CASES.contains_key(case));
    mistakes.extend(strangers.map(|(_, case)| format!("matrix.tsv has a case {case}")));
    if mistakes.is_empty() || bless {
        Ok(())
    } else {
        Err(mistakes.join("\n").into())
    }
}

fn compare(
    machine: &str,
    case: &str,
    outcomes: &Result<Outcomes, String>,
    bless: bool,
) -> Result<(), Failed> {
    let outcome = &outcomes.as_ref().map_err(Failed::from)?[case];
    let verdict = Verdict::on(&CASES[case], outcome).to_string();
    let key = (machine.to_owned(), case.to_owned());
    let expected = EXPECTED.get(&key).map_or("", String::as_str);
    let as_expected = match expected {
        UP_TO_THE_HOST => verdict != "refused" && verdict != "unknown",
        word => word == verdict,
    };
    if as_expected {
        return Ok(());
    }
    if bless {
        SEEN.lock()
            .expect("no test panics with it")
            .insert(key, verdict);
        return Ok(());
    }
    Err(format!(
        "{verdict} where {expected} was expected\nunit: {}\nprobe: {}\nbare: {}\nconfined: {}\n{}",
        CASES[case].unit.join("; "),
        CASES[case].probe,
        outcome.bare,
        outcome.confined,
        outcome.journal.join("\n"),
    )
    .into())
}
