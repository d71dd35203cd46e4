//! The fields of a new model, as they are typed: `slug:string:unique`, `author:references=users.User`.

use scaffold::model::Kind;

use super::candidates::Candidate;
use super::sources;
use crate::project::Project;

/// What may follow the last colon of a field. A name is the person's own.
pub(super) fn parts(project: &Project, typed: &str) -> Vec<Candidate> {
    let Some(at) = typed.rfind(':') else { return Vec::new() };
    let (head, part) = typed.split_at(at + 1);
    let parts: Vec<Candidate> = if part.starts_with("references=") {
        let models = sources::models(project).into_iter();
        models.map(|model| Candidate::plain(format!("references={model}"))).collect()
    } else {
        let types: Vec<_> = if head.matches(':').count() == 1 { Kind::names().collect() } else { Vec::new() };
        let rest = [
            ("null", "May be empty"),
            ("unique", "No two rows have the same"),
            ("index", "Looked up by it"),
            ("references=", "Points at a row of that model"),
        ];
        let rest = rest
            .into_iter()
            .filter(|(part, _)| !head.contains(&format!(":{part}")) && (types.is_empty() || *part == "references="))
            .collect::<Vec<_>>();
        types
            .into_iter()
            .map(Candidate::plain)
            .chain(rest.into_iter().map(|(part, about)| Candidate::new(part, about)))
            .collect()
    };
    parts.into_iter().map(|part| Candidate { value: format!("{head}{}", part.value), ..part }).collect()
}
