//! What hardening did to one service, and what is asked of it.

use std::fmt::Write as _;

/// One line of the table. Exposures are tenths, as `systemd-analyze security` prints them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The service.
    pub service: String,
    /// Exposure as packaged and hardened.
    pub exposure: (u32, u32),
    /// What the best rival was measured to reach.
    pub rival: u32,
    /// Attacks that reached something, as packaged and hardened.
    pub reached: (usize, usize),
    /// How many of those no grant explains: no directive of this systemd stops them.
    pub unexplained: usize,
    /// The most that it may be exposed, if it does not start as root.
    pub most: Option<u32>,
    /// Grants that had to be given back.
    pub provisional: Vec<String>,
    /// How many checks passed that were not part of the workload.
    pub extras: usize,
}

impl Row {
    /// Whether the figures are what they should be.
    pub fn verdict(&self) -> Result<(), String> {
        let mut faults = Vec::new();
        let (_, after) = self.exposure;
        if let Some(most) = self.most.filter(|most| after > *most) {
            faults.push(format!(
                "exposure {} is above {}",
                tenths(after),
                tenths(most)
            ));
        }
        if after >= self.rival {
            faults.push(format!(
                "exposure {} is not below {}",
                tenths(after),
                tenths(self.rival)
            ));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("; "))
        }
    }
}

/// All lines, aligned.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<26}{:<10}{:>8}{:>8}{:>8}   {:>8}{:>8}   {:>6}  {}\n",
        "service",
        "starts as",
        "before",
        "after",
        "rival",
        "reached",
        "after",
        "extras",
        "given back"
    );
    for row in rows {
        let _ = writeln!(
            text,
            "{:<26}{:<10}{:>8}{:>8}{:>8}   {:>8}{:>8}{:>10}   {:>6}  {}",
            row.service,
            if row.most.is_none() { "root" } else { "a user" },
            tenths(row.exposure.0),
            tenths(row.exposure.1),
            tenths(row.rival),
            row.reached.0,
            row.reached.1,
            row.unexplained,
            row.extras,
            row.provisional.join(", ")
        );
    }
    text
}

fn tenths(number: u32) -> String {
    format!("{}.{}", number / 10, number % 10)
}
