//! Orders, ends, circles, and chains that would overflow a recursion.

use std::collections::BTreeSet;

use db::{
    Error,
    migrations::{Applied, Graph, Loader, ModuleMigrations, NodeKey, Plan, Source, SquashOptions, Target, squash},
};

use crate::support::{key, says};

fn graph(edges: &[(&str, &[&str])]) -> Result<Graph, Error> {
    Graph::new(edges.iter().map(|(node, parents)| (key(node), parents.iter().map(|parent| key(parent)).collect())))
}

fn names(plan: &[NodeKey]) -> Vec<String> {
    plan.iter().map(NodeKey::to_string).collect()
}

#[test]
fn forwards_takes_dependencies_first_and_backwards_dependents() {
    let graph = graph(&[
        ("a.1", &[]),
        ("a.2", &["a.1"]),
        ("a.3", &["a.2"]),
        ("a.4", &["a.3", "b.2"]),
        ("b.1", &[]),
        ("b.2", &["b.1", "a.1"]),
    ])
    .unwrap();
    assert_eq!(names(&graph.forwards_plan(&key("a.4")).unwrap()), ["a.1", "a.2", "a.3", "b.1", "b.2", "a.4"]);
    assert_eq!(names(&graph.backwards_plan(&key("a.1")).unwrap()), ["a.4", "a.3", "a.2", "b.2", "a.1"]);
    assert_eq!(names(&graph.backwards_plan(&key("b.2")).unwrap()), ["a.4", "b.2"]);
    assert_eq!(names(&graph.roots("a")), ["a.1"]);
    assert_eq!(names(&graph.leaves("b")), ["b.2"]);
    assert_eq!(graph.full_plan().len(), 6);
    assert!(graph.conflicts().is_empty());
}

#[test]
fn what_is_wrong_is_named() {
    let good = graph(&[("a.1", &[])]).unwrap();
    says(&good.forwards_plan(&key("b.0001")).unwrap_err(), &["Node ('b', '0001') not a valid node"]);
    says(&graph(&[("a.1", &["b.9"])]).unwrap_err(), &["a.1", "('b', '9')"]);
    let circle = graph(&[("x.0", &["a.1"]), ("a.1", &["b.1"]), ("b.1", &["c.1"]), ("c.1", &["a.1"]), ("d.1", &[])]);
    let error = circle.unwrap_err();
    assert!(matches!(&error, Error::CircularDependency(nodes) if nodes.len() == 4), "{error}");
    says(&error, &["a.1", "b.1", "c.1", "->"]);
    assert!(!error.to_string().contains("x.0"), "what only hangs on the circle is not in it: {error}");
    assert!(matches!(graph(&[("a.1", &["a.1"])]), Err(Error::CircularDependency(_))));
    let two = graph(&[("a.1", &[]), ("a.2_x", &["a.1"]), ("a.2_y", &["a.1"])]).unwrap();
    assert_eq!(two.conflicts(), [("a".to_owned(), vec!["2_x".to_owned(), "2_y".to_owned()])]);
}

#[test]
fn ten_thousand_in_a_row_do_not_overflow() {
    let name = |n: usize| NodeKey::new("a", format!("{n:05}"));
    let chain = (0..10_000).map(|n| (name(n), if n == 0 { Vec::new() } else { vec![name(n - 1)] }));
    let graph = Graph::new(chain).unwrap();
    assert_eq!(graph.forwards_plan(&name(9_999)).unwrap().len(), 10_000);
    assert_eq!(graph.backwards_plan(&name(0)).unwrap().len(), 10_000);
}

#[test]
fn ten_thousand_files_in_a_row_are_loaded_planned_and_squashed() {
    const COUNT: usize = 10_000;
    let name = |n: usize| format!("{n:05}");
    let text = |n: usize| if n == 0 { String::new() } else { format!("dependencies = [\"a.{}\"]", name(n - 1)) };
    let files = (0..COUNT).map(|n| (&*name(n).leak(), &*text(n).leak()));
    let files: &'static [(&'static str, &'static str)] = files.collect::<Vec<_>>().leak();
    let module = ModuleMigrations { label: "a".to_owned(), source: Source::Embedded(files) };
    let loader = Loader::load(&[module]).unwrap();
    let last = NodeKey::new("a", name(COUNT - 1));
    let plan = Plan::new(&loader, &BTreeSet::new(), &[Target::Latest]).unwrap();
    assert_eq!((plan.steps.len(), &plan.steps[COUNT - 1].key), (COUNT, &last));
    assert!(loader.state().unwrap().models().next().is_none());
    let squashed = squash(&loader, "a", None, &last, &SquashOptions::default()).unwrap();
    assert_eq!(squashed.squashed.len(), COUNT);
    let one = loader.with(&squashed.new).unwrap();
    assert_eq!(one.graph().nodes().collect::<Vec<_>>(), [&squashed.new.key]);
    let applied = Applied { at: chrono::Utc::now(), checksum: String::new() };
    let half = squashed.squashed.iter().take(COUNT / 2).map(|key| (key.clone(), applied.clone())).collect();
    let partly = one.for_applied(&half).unwrap();
    partly.check_history().unwrap();
    let plan = Plan::new(&partly, &partly.applied(), &[Target::Zero("a".to_owned())]).unwrap();
    assert_eq!(plan.steps.len(), COUNT / 2);
}
