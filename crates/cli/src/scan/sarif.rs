//! A scan as SARIF 2.1.0, which code scanning takes.
//!
//! Every finding is a result where it is in its file. Every service has one more, the rule `exposure`, which
//! is not a failure but carries its figure and the three answers.

use std::fmt::Write as _;
use std::path::Path;

use ringfence_unit::lint::{Finding, Harm, Rule};
use ringfence_unit::load::LoadError;
use ringfence_unit::name::UnitName;
use serde_json::{Value, json};

use super::Scanned;
use crate::survey::Judged;

/// The rule of the results that carry the figures.
const EXPOSURE: &str = "exposure";

/// The log, with one run.
pub fn sarif(scanned: &Scanned<'_>) -> Value {
    let mut results = Vec::new();
    for judged in &scanned.ranked {
        results.push(exposure(judged));
        results.extend(
            judged
                .findings
                .iter()
                .map(|finding| result(judged, finding)),
        );
    }
    let notifications: Vec<Value> = scanned.services.broken.iter().map(broken).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver()},
            "automationDetails": {"id": format!("ringfence-scan/{}", scanned.verdict.profile)},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"ROOT": {"uri": directory_uri(scanned.root.unwrap_or(Path::new("/")))}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
            "properties": {
                "systemd": scanned.verdict.profile.version(),
                "model": scanned.verdict.model.to_string(),
                "masked": scanned.services.masked.iter().map(UnitName::as_str).collect::<Vec<_>>(),
            },
        }],
    })
}

fn driver() -> Value {
    let rule = |id: &str, text: &str, level: &str| {
        json!({
            "id": id,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        })
    };
    let mut rules = vec![rule(
        EXPOSURE,
        "How exposed a service is, as systemd-analyze security says.",
        "none",
    )];
    rules.extend(
        Rule::ALL
            .iter()
            .map(|own| rule(own.id(), own.summary(), level(*own))),
    );
    json!({
        "name": "ringfence",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    })
}

fn level(rule: Rule) -> &'static str {
    match rule.harm() {
        Harm::Breaks => "error",
        Harm::Unconfined | Harm::Void => "warning",
    }
}

fn result(judged: &Judged<'_>, finding: &Finding) -> Value {
    let file = judged.file_of(finding);
    let region = json!({"startLine": finding.at.line, "startColumn": finding.at.column});
    json!({
        "ruleId": finding.rule.id(),
        "level": level(finding.rule),
        "message": {"text": format!("{}: {}. {}.", judged.name, finding.message, finding.help)},
        "locations": [location(judged, file, &region)],
        "partialFingerprints": {
            "unitRuleText/v1": format!("{}:{}:{}", judged.name, finding.rule, finding.message),
        },
    })
}

fn exposure(judged: &Judged<'_>) -> Value {
    let assessment = &judged.assessment;
    let (figure, level) = (assessment.exposure(), assessment.level());
    let file = judged.files.first().map_or("", String::as_str);
    let reach = &judged.reach;
    json!({
        "ruleId": EXPOSURE,
        "kind": "informational",
        "level": "none",
        "message": {"text": format!(
            "{}: {figure} {level}. Exploited, it is {}. It can read {}. It can exhaust {}.",
            judged.name, reach.exploited, reach.read, reach.exhaust
        )},
        "locations": [location(judged, file, &json!({"startLine": 1}))],
        "partialFingerprints": {"unit/v1": judged.name.as_str()},
        "properties": {
            "unit": judged.name.as_str(),
            "template": judged.name.is_template(),
            "exposure": f64::from(figure.tenths()) / 10.0,
            "level": level.to_string(),
            "badnessSum": assessment.marks.badness(),
            "weightSum": assessment.marks.weights(),
        },
    })
}

fn location(judged: &Judged<'_>, file: &str, region: &Value) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": escaped(file.trim_start_matches('/')), "uriBaseId": "ROOT"},
            "region": region,
        },
        "logicalLocations": [{"name": judged.name.as_str(), "kind": "unit"}],
    })
}

fn broken((name, error): &(UnitName, LoadError)) -> Value {
    json!({
        "level": "error",
        "message": {"text": format!("cannot {error}")},
        "associatedRule": {"id": Rule::NotLoaded.id()},
        "properties": {"unit": name.as_str()},
    })
}

/// A directory as a URI, which ends in a slash.
fn directory_uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = escaped(&path.display().to_string());
    format!("file://{}/", path.trim_end_matches('/'))
}

/// A path as part of a URI (RFC 3986): what is neither a letter, a digit nor harmless is written in hex.
fn escaped(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~@:!$&'()*+,;=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
