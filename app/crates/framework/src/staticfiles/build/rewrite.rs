//! Gives all files their hashed names, and rewrites references to them: a file after all that it refers to, files that
//! refer to each other in a circle together.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::components::components;
use super::problem::Place;
use super::references::{Destination, Target, destination, renamed};
use super::{Built, Content, Data, Failure, Problem, Read, Scanned, Served, names};
use crate::staticfiles::digest::Digest;

/// A reference that is rewritten: its number in the file, and the file that it leads to.
type Link = (usize, usize);

pub(super) fn build(scanned: Scanned) -> Result<Built, Failure> {
    let Scanned { digest, prefix, files, mut problems } = scanned;
    let mut warnings = Vec::new();
    let by_path: BTreeMap<&str, usize> =
        files.iter().enumerate().map(|(index, file)| (file.source.path.as_str(), index)).collect();
    let links: Vec<Vec<Link>> =
        files.iter().map(|file| links(file, &prefix, &by_path, &mut problems, &mut warnings)).collect();
    if !problems.is_empty() {
        return Err(Failure::new(problems));
    }
    let edges: Vec<Vec<usize>> = links.iter().map(|links| links.iter().map(|(_, target)| *target).collect()).collect();
    let mut hashed: Vec<Option<(String, Content)>> = vec![None; files.len()];
    for component in components(&edges) {
        let is_circle = component.len() > 1 || component.iter().any(|index| edges[*index].contains(index));
        if is_circle {
            circle(&component, &files, &links, &mut hashed);
        } else {
            for index in component {
                hashed[index] = Some(alone(&files[index], &links[index], &hashed));
            }
        }
    }
    let served = files.into_iter().zip(hashed).filter_map(|(file, hashed)| {
        let (hashed_path, hashed) = hashed?;
        warnings.extend(file.warnings);
        let original = Content { data: file.source.data, digest: file.digest };
        Some(Served { path: file.source.path, original, hashed_path, hashed })
    });
    let files: Vec<Served> = served.collect();
    let problems = taken(&files);
    if problems.is_empty() { Ok(Built { files, digest, warnings }) } else { Err(Failure::new(problems)) }
}

/// The references of a file that lead to static files.
fn links(
    file: &Read,
    prefix: &str,
    by_path: &BTreeMap<&str, usize>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Vec<Link> {
    let mut links = Vec::new();
    for (number, reference) in file.references.iter().enumerate() {
        let Destination::File(path) = destination(reference, &file.source.path, prefix) else { continue };
        if let Some(target) = by_path.get(path.as_str()) {
            links.push((number, *target));
            continue;
        }
        let text = file.text.as_deref().unwrap_or_default();
        let place = Place::of(&file.source).at(text, reference.range.start);
        let message = format!("`{}` leads nowhere: there is no static file `{path}`", reference.url.trim());
        let list = if reference.target == Target::SourceMap { &mut *warnings } else { &mut *problems };
        list.push(Problem::new(place, message));
    }
    links
}

fn alone(file: &Read, links: &[Link], hashed: &[Option<(String, Content)>]) -> (String, Content) {
    let content = content(file, links, hashed);
    (names::hashed(&file.source.path, &content.digest.sha256), content)
}

/// Files of a circle have names by the content of all of them, before the references to each other are rewritten.
fn circle(component: &[usize], files: &[Read], links: &[Vec<Link>], hashed: &mut [Option<(String, Content)>]) {
    let mut all = Vec::new();
    for &index in component {
        let Content { digest, .. } = content(&files[index], &links[index], hashed);
        all.extend_from_slice(files[index].source.path.as_bytes());
        all.push(0);
        all.extend_from_slice(digest.sha256.as_bytes());
    }
    let all = Digest::of(&all).sha256;
    let nothing = Content { data: Data::Memory(Bytes::new()), digest: Digest::of(&[]) };
    for &index in component {
        let path = &files[index].source.path;
        let name = names::hashed(path, &Digest::of(format!("{all} {path}").as_bytes()).sha256);
        hashed[index] = Some((name, nothing.clone()));
    }
    for &index in component {
        let rewritten = content(&files[index], &links[index], hashed);
        if let Some((_, content)) = &mut hashed[index] {
            *content = rewritten;
        }
    }
}

/// The file's content, with the references rewritten to all files that have a hashed name.
fn content(file: &Read, links: &[Link], hashed: &[Option<(String, Content)>]) -> Content {
    let as_it_is = || Content { data: file.source.data.clone(), digest: file.digest.clone() };
    let Some(text) = &file.text else { return as_it_is() };
    let mut rewritten = Vec::with_capacity(text.len() + links.len() * 13);
    let mut copied = 0;
    for (number, target) in links {
        let (Some(reference), Some(Some((name, _)))) = (file.references.get(*number), hashed.get(*target)) else {
            continue;
        };
        rewritten.extend_from_slice(&text[copied..reference.range.start]);
        rewritten.extend_from_slice(renamed(&reference.url, name).as_bytes());
        copied = reference.range.end;
    }
    if copied == 0 {
        return as_it_is();
    }
    rewritten.extend_from_slice(&text[copied..]);
    let digest = Digest::of(&rewritten);
    Content { data: Data::Memory(Bytes::from(rewritten)), digest }
}

/// Hashed names that stand for something else already. The files are sorted.
fn taken(files: &[Served]) -> Vec<Problem> {
    let find = |path: &str| files.binary_search_by(|file| file.path.as_str().cmp(path)).ok();
    let clashes = files.iter().filter_map(|file| {
        let other = &files[find(&file.hashed_path)?];
        (other.original.digest != file.hashed.digest).then_some((file, other))
    });
    clashes
        .map(|(file, other)| {
            let place = Place::of(&super::Source { path: other.path.clone(), data: other.original.data.clone() });
            Problem::new(place, format!("has the name that `{}` gets by its hash", file.path))
        })
        .collect()
}
