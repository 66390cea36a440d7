//! Values and words that mean nothing, and what the score makes of them.

use super::{Finding, Rule};
use crate::load::{Setting, Unit};
use crate::score::{Assessment, Ignored};
use crate::word::{Style, words};

/// The lists whose words name what is allowed, each with whether quotes group its words.
pub(super) const LISTS: [(&str, Style); 4] = [
    ("CapabilityBoundingSet", Style::RELAXED),
    ("RestrictAddressFamilies", Style::RELAXED),
    ("SystemCallArchitectures", Style::RELAXED),
    ("SystemCallFilter", Style::PLAIN),
];

pub(super) fn findings(unit: &Unit, assessment: &Assessment<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> = LISTS
        .iter()
        .filter_map(|(key, style)| empty_allow_list(unit, assessment, key, *style))
        .collect();
    for ignored in &assessment.ignored {
        let setting = unit
            .settings()
            .iter()
            .find(|setting| is_of(ignored, setting));
        if let Some(setting) = setting {
            findings.push(void(ignored, setting));
        }
    }
    findings
}

/// Whether something was ignored of this very line.
fn is_of(ignored: &Ignored, setting: &Setting) -> bool {
    ignored.file == setting.file && ignored.at == setting.value_at && ignored.key == setting.key
}

fn void(ignored: &Ignored, setting: &Setting) -> Finding {
    let Setting { key, value, .. } = setting;
    let (text, what) = if ignored.text == *value {
        (value, "the line is ignored and changes nothing")
    } else {
        (&ignored.text, "the word is ignored")
    };
    let help = help(ignored, value);
    Finding::about(
        setting,
        Rule::IgnoredValue,
        format!("`{text}` means nothing to {key}=, so {what}"),
        help,
    )
}

fn help(ignored: &Ignored, value: &str) -> String {
    let text = &ignored.text;
    if value.contains(" #") || value.contains(" ;") {
        "put the comment on a line of its own: there are none at the end of a line".to_owned()
    } else if text.contains(['"', '\'']) {
        "leave the quotes out: here they are part of the word".to_owned()
    } else if text.contains([' ', '\t']) && value.contains(['"', '\'']) {
        "leave the quotes out: they make one word of several".to_owned()
    } else {
        format!("write what {}= knows, or take it out", ignored.key)
    }
}

/// An allow list of nothing. The score counts everything as denied, and the service is denied everything.
fn empty_allow_list(
    unit: &Unit,
    assessment: &Assessment<'_>,
    key: &str,
    style: Style,
) -> Option<Finding> {
    let lines = unit.effective_list("Service", key);
    let first = lines
        .first()
        .filter(|first| !first.value.starts_with('~'))?;
    let said = |setting: &Setting| {
        let all = words(&setting.value, style).filter_map(Result::ok).count();
        let ignored = assessment.ignored.iter();
        (
            all,
            ignored.filter(|ignored| is_of(ignored, setting)).count(),
        )
    };
    let allowing = lines.iter().filter(|line| !line.value.starts_with('~'));
    let (all, ignored) = allowing.fold((0, 0), |(all, ignored), line| {
        let (more, void) = said(line);
        (all + more, ignored + void)
    });
    (all > 0 && ignored >= all).then(|| {
        Finding::about(
            first,
            Rule::EmptyAllowList,
            format!(
                "no word of {key}= means anything, so it allows nothing: the grade rises and the service is denied everything"
            ),
            "name what the service needs, without quotes around the list",
        )
    })
}
