//! The answers to the three questions, in sentences.

use super::{Bare, Confined, Row};

/// Titles that fit in a sentence; the rest is counted.
const SHOWN: usize = 4;

/// What the service could do bare.
pub(super) fn before(rows: &[&Row]) -> String {
    let could: Vec<&str> = rows
        .iter()
        .filter(|row| matches!(row.bare, Bare::Reached { .. }))
        .map(|row| row.title.as_str())
        .collect();
    if could.is_empty() {
        return format!(
            "Unconfined it can do none of the {} things tried.",
            rows.len()
        );
    }
    format!(
        "Unconfined it can do {} of the {} things tried: {}.",
        could.len(),
        rows.len(),
        listed(&could)
    )
}

/// What it can do inside.
pub(super) fn after(rows: &[&Row]) -> String {
    let titles = |wanted: &dyn Fn(&Row) -> bool| -> Vec<&str> {
        rows.iter()
            .filter(|row| wanted(row))
            .map(|row| row.title.as_str())
            .collect()
    };
    let holes = titles(&|row| row.is_hole());
    let granted = titles(&|row| matches!(row.confined, Confined::Reached { by: Some(_), .. }));
    let unproven = titles(&|row| matches!(row.confined, Confined::Unproven { .. }));
    let stopped = titles(&|row| matches!(row.confined, Confined::Stopped { .. }));
    let mut sentences = Vec::new();
    if !holes.is_empty() {
        sentences.push(format!(
            "Confined it can still, although no grant says so, {}.",
            listed(&holes)
        ));
    }
    if !granted.is_empty() {
        sentences.push(format!("Its policy lets it {}.", listed(&granted)));
    }
    if holes.is_empty() && granted.is_empty() && !stopped.is_empty() {
        sentences
            .push("Confined it can do none of what was tried and could have succeeded.".into());
    }
    if !stopped.is_empty() {
        sentences.push(match stopped.len() {
            1 => "One attempt was stopped.".into(),
            count => format!("{count} attempts were stopped."),
        });
    }
    if !unproven.is_empty() {
        sentences.push(match unproven.len() {
            1 => "About one nothing is proven.".into(),
            count => format!("About {count} nothing is proven."),
        });
    }
    sentences.join(" ")
}

/// `a`, `a and b`, `a, b and c`; beyond [`SHOWN`], `and 7 more`.
fn listed(titles: &[&str]) -> String {
    let more = titles.len().saturating_sub(SHOWN);
    if more > 1 {
        let shown: Vec<&str> = titles.iter().take(SHOWN).copied().collect();
        return format!("{} and {more} more", shown.join(", "));
    }
    match titles.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_list_ends_in_and_and_a_long_one_in_a_number() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c, d and e");
        assert_eq!(
            listed(&["a", "b", "c", "d", "e", "f"]),
            "a, b, c, d and 2 more"
        );
    }
}
