//! The licences of everything that is linked or run: each is one that was read and found harmless.

use super::Problem;
use super::manifests::Metadata;

const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    // Copyleft for the files of that package alone, which are used as they are.
    "MPL-2.0+",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks every package.
pub(super) fn check(metadata: &Metadata) -> Vec<Problem> {
    let refused = metadata.packages.iter().filter(|package| !package.license.as_deref().is_some_and(is_accepted));
    refused
        .map(|package| {
            let licence = package.license.as_deref().unwrap_or("none");
            let message = format!("`{} {}`: its licence `{licence}` is not on the list", package.name, package.version);
            Problem::new("Cargo.lock", 0, message)
        })
        .collect()
}

/// Judges an SPDX expression: some alternative must be accepted in all its parts. `/` is an old way to write `OR`.
fn is_accepted(expression: &str) -> bool {
    let expression = expression.trim().replace('/', " OR ");
    let any = split(&expression, " OR ");
    if any.len() > 1 {
        return any.iter().any(|part| is_accepted(part));
    }
    let all = split(&expression, " AND ");
    if all.len() > 1 {
        return all.iter().all(|part| is_accepted(part));
    }
    match expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => is_accepted(inner),
        None => ACCEPTED.contains(&expression.as_str()),
    }
}

/// Splits at an operator outside parentheses.
fn split<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in expression.match_indices(operator) {
        let before = &expression[start..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(before.trim());
            start = at + operator.len();
        }
    }
    parts.push(expression[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alternative_must_be_accepted_in_all_its_parts() {
        for accepted in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "(MIT AND (GPL-2.0 OR ISC))",
        ] {
            assert!(is_accepted(accepted), "{accepted}");
        }
        for refused in ["GPL-3.0", "MIT AND GPL-3.0", "", "(GPL-2.0 OR LGPL-3.0) AND MIT"] {
            assert!(!is_accepted(refused), "{refused}");
        }
    }
}
