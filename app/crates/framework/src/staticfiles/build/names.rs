//! Names of static files: the hash in them, and names that are in each other's way.

use super::Source;
use super::problem::{Place, Problem};
use crate::staticfiles::manifest;

/// How many hex digits of a hash stand in a name.
const DIGITS: usize = 12;

/// `css/site.css` → `css/site.<hash>.css`.
pub(super) fn hashed(path: &str, sha256: &str) -> String {
    let digits = &sha256[..DIGITS.min(sha256.len())];
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    // A dot at the beginning is part of the name.
    match path[file..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}.{digits}{}", &path[..file + dot], &path[file + dot..]),
        None => format!("{path}.{digits}"),
    }
}

/// What cannot be on one disk together. The sources are sorted.
pub(super) fn conflicts(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        if source.path == manifest::NAME {
            let message = "has the name of the manifest that is written there".to_owned();
            problems.push(Problem::new(Place::of(source), message));
        }
        let below = format!("{}/", source.path);
        let first = index + 1 + sources[index + 1..].partition_point(|other| other.path < below);
        if let Some(other) = sources.get(first).filter(|other| other.path.starts_with(&below)) {
            let message = format!("is a file where `{}` needs a directory", other.path);
            problems.push(Problem::new(Place::of(source), message));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::hashed;

    #[test]
    fn the_hash_stands_before_the_last_extension() {
        for (path, expected) in [
            ("css/site.css", "css/site.0123456789ab.css"),
            ("a.b/file", "a.b/file.0123456789ab"),
            ("js/app.js.map", "js/app.js.0123456789ab.map"),
            (".well-known/.x", ".well-known/.x.0123456789ab"),
            ("größe.txt", "größe.0123456789ab.txt"),
        ] {
            assert_eq!(hashed(path, "0123456789abcdef"), expected);
        }
    }
}
