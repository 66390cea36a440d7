//! The expected verdicts: `matrix.tsv`, a row for each case and a column for each machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use ringfence_testbed::{Image, Kind};

/// The machines, in the order of the columns.
pub const MACHINES: [(&str, Image, Kind); 5] = [
    ("nspawn-252", Image::Bookworm, Kind::Nspawn),
    ("nspawn-257", Image::Trixie, Kind::Nspawn),
    ("uml-252", Image::Bookworm, Kind::UserMode),
    ("uml-257", Image::Trixie, Kind::UserMode),
    ("qemu-257", Image::Trixie, Kind::Qemu),
];

/// In a column for containers: what happens is up to the kernel of this machine, as long as the unit starts.
pub const UP_TO_THE_HOST: &str = "host";

/// Expected verdicts by machine and case.
pub type Matrix = BTreeMap<(String, String), String>;

/// Reads the table.
pub fn expected() -> Matrix {
    let mut lines = include_str!("matrix.tsv").lines();
    let columns: Vec<_> = lines
        .next()
        .unwrap_or_default()
        .split('\t')
        .skip(1)
        .collect();
    let mut matrix = Matrix::new();
    for line in lines {
        let mut cells = line.split('\t');
        let case = cells.next().unwrap_or_default();
        for (column, cell) in columns.iter().zip(cells) {
            matrix.insert(((*column).to_owned(), case.to_owned()), cell.to_owned());
        }
    }
    matrix
}

/// Writes the table, for a person to read the differences of.
pub fn write<'a>(matrix: &Matrix, cases: impl Iterator<Item = &'a String>) {
    let mut text = String::from("case");
    for (machine, ..) in MACHINES {
        write!(text, "\t{machine}").expect("a string takes anything");
    }
    for case in cases {
        write!(text, "\n{case}").expect("a string takes anything");
        for (machine, ..) in MACHINES {
            let cell = matrix.get(&(machine.to_owned(), case.clone()));
            write!(text, "\t{}", cell.map_or("?", String::as_str)).expect("as above");
        }
    }
    text.push('\n');
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/directives/matrix.tsv");
    fs::write(path, text).expect("the matrix can be written");
}
