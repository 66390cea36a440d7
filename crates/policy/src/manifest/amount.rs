//! Amounts of resources as a manifest writes them: `"64M"`, `16`, `"150%"`, `"2min"`, `"unlimited"`.

use toml::de::DeValue;

use super::Seconds;
use crate::grant::{Amount, Resource};

/// The amount that a value says; `None` when it says none. Nothing runs with none of a resource, so the
/// least amount is 1.
pub(crate) fn read(resource: Resource, value: &DeValue) -> Option<Amount> {
    let amount = match value {
        DeValue::Integer(number) => {
            let number = u64::from_str_radix(number.as_str(), number.radix()).ok()?;
            Amount::Limit(number)
        }
        DeValue::String(text) => read_text(resource, text)?,
        _ => return None,
    };
    (amount > Amount::Limit(0)).then_some(amount)
}

fn read_text(resource: Resource, text: &str) -> Option<Amount> {
    if text == "unlimited" {
        return Some(Amount::Unlimited);
    }
    match resource {
        Resource::MemoryMax | Resource::TmpMax => text.parse().ok(),
        Resource::CpuQuota => text.strip_suffix('%')?.parse().ok().map(Amount::Limit),
        Resource::RuntimeMax => text
            .parse::<Seconds>()
            .ok()
            .map(|seconds| Amount::Limit(seconds.0)),
        Resource::TasksMax | Resource::Nofile => text.parse().ok().map(Amount::Limit),
    }
}

/// The amount as TOML.
pub(crate) fn write(resource: Resource, amount: Amount) -> String {
    let Amount::Limit(number) = amount else {
        return r#""unlimited""#.to_owned();
    };
    match resource {
        Resource::CpuQuota => format!("\"{number}%\""),
        Resource::RuntimeMax => format!("\"{}\"", Seconds(number)),
        Resource::MemoryMax | Resource::TmpMax if number.is_multiple_of(1024) => {
            format!("\"{amount}\"")
        }
        // TOML integers end where i64 does.
        _ if i64::try_from(number).is_err() => format!("\"{number}\""),
        _ => number.to_string(),
    }
}

/// What the amount is, for a message.
pub(crate) fn noun(resource: Resource) -> &'static str {
    match resource {
        Resource::MemoryMax | Resource::TmpMax => "an amount of bytes",
        Resource::TasksMax => "a number of tasks",
        Resource::Nofile => "a number of descriptors",
        Resource::CpuQuota => "a share of processors",
        Resource::RuntimeMax => "a span of time",
    }
}

/// What may be written.
pub(crate) fn range(resource: Resource) -> &'static str {
    match resource {
        Resource::MemoryMax | Resource::TmpMax => {
            "1 or more, with K, M, G or T for units of 1024, or \"unlimited\""
        }
        Resource::TasksMax | Resource::Nofile => "1 or more, or \"unlimited\"",
        Resource::CpuQuota => "percent of one processor, 1 or more, or \"unlimited\"",
        Resource::RuntimeMax => {
            "seconds, 1 or more, a number with s, min, h or d, or \"unlimited\""
        }
    }
}

/// The regular expression of what a string may say, for the JSON Schema.
pub(crate) fn pattern(resource: Resource) -> &'static str {
    match resource {
        Resource::MemoryMax | Resource::TmpMax => "^([0-9]*[1-9][0-9]*[KMGT]?|unlimited)$",
        Resource::TasksMax | Resource::Nofile => "^([0-9]*[1-9][0-9]*|unlimited)$",
        Resource::CpuQuota => "^([0-9]*[1-9][0-9]*%|unlimited)$",
        Resource::RuntimeMax => "^([0-9]*[1-9][0-9]*(s|m|min|h|d)?|unlimited)$",
    }
}
