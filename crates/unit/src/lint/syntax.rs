//! Lines without effect, and drop-ins that end early.

use super::{Finding, Rule};
use crate::load::Unit;

pub(super) fn findings(unit: &Unit) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, read) in unit.files.iter().enumerate() {
        findings.extend(read.remarks.iter().map(|remark| Finding {
            rule: Rule::VoidLine,
            file,
            at: remark.at,
            message: format!("the line {}", remark.kind),
            help: "mend the line or take it out".to_owned(),
        }));
        findings.extend(read.failure.iter().map(|failure| Finding {
            rule: Rule::CutDropIn,
            file,
            at: failure.at,
            message: format!("{}, and nothing after it is read", failure.kind),
            help: "mend the line: all that follows it in this file is lost".to_owned(),
        }));
    }
    findings
}
