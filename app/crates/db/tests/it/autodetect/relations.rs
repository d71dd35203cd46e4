//! Foreign keys, circles and many-to-many relations (cases 191, 192, 198).

use super::{answered, changes, detected, lines, model, nullable, state, text, to};
use crate::support::{files, key};

#[test]
fn fk_dependency() {
    let (author, book) =
        (model("testapp.Author", &[text("name")]), model("otherapp.Book", &[to("author_id", "testapp.Author")]));
    let edition = model("thirdapp.Edition", &[to("book_id", "otherapp.Book")]);
    assert_eq!(
        changes(&[], &[&author, &book, &edition]),
        [
            "testapp.0001_initial: + Create model Author",
            "otherapp.0001_initial <- testapp.0001_initial: + Create model Book",
            "thirdapp.0001_initial <- otherapp.0001_initial: + Create model Edition",
        ]
    );
}

#[test]
fn same_app_no_fk_dependency() {
    let (author, publisher) = (model("x.Author", &[to("publisher_id", "x.Publisher")]), model("x.Publisher", &[]));
    assert_eq!(
        changes(&[], &[&author, &publisher]),
        ["x.0001_initial: + Create model Publisher, + Create model Author"]
    );
    let themselves = model("x.Node", &[to("parent_id", "x.Node")]);
    assert_eq!(changes(&[], &[&themselves]), ["x.0001_initial: + Create model Node"]);
}

#[test]
fn first_dependency_and_last_dependency() {
    let (migrated, book) = (model("m.UnmigratedUser", &[]), model("x.Book", &[to("user_id", "m.UnmigratedUser")]));
    let (made, _) = answered(&files(&[]).load(), &state(&[&migrated]), &state(&[&migrated, &book]), &[]);
    assert_eq!(lines(&made), ["x.0001_initial <- m.__first__: + Create model Book"]);
    let history =
        files(&[("m", "0001_initial", ""), ("m", "0002_second", "dependencies = [\"m.0001_initial\"]")]).load();
    let (made, _) = answered(&history, &state(&[&migrated]), &state(&[&migrated, &book]), &[]);
    assert_eq!(made[0].migration.dependencies, [key("m.0002_second")]);
}

#[test]
fn fk_dependency_other_app() {
    let (old, other) = (model("testapp.Author", &[]), model("otherapp.Book", &[]));
    let new = model("testapp.Author", &[db::state::Field { null: true, ..to("book_id", "otherapp.Book") }]);
    assert_eq!(
        changes(&[&old, &other], &[&new, &other]),
        ["testapp.0002_author_book_id <- otherapp.0001_initial: + Add field book_id to author"]
    );
}

#[test]
fn circular_fk_dependency() {
    let author = model("testapp.Author", &[to("book_id", "otherapp.Book")]);
    let book = model("otherapp.Book", &[to("author_id", "testapp.Author")]);
    let publisher = model("testapp.Publisher", &[to("book_id", "otherapp.Book")]);
    let (made, _) = detected(&state(&[]), &state(&[&author, &book, &publisher]), &[]);
    assert_eq!(
        lines(&made),
        [
            "otherapp.0001_initial: + Create model Book",
            "testapp.0001_initial <- otherapp.0001_initial: + Create model Author, + Create model Publisher",
            "otherapp.0002_initial <- testapp.0001_initial: + Add field author_id to book",
        ]
    );
    assert!(made.iter().all(|new| new.migration.initial));
}

#[test]
fn same_app_circular_fk_dependency() {
    let (author, publisher) =
        (model("x.Author", &[to("publisher_id", "x.Publisher")]), model("x.Publisher", &[to("author_id", "x.Author")]));
    assert_eq!(
        changes(&[], &[&author, &publisher]),
        ["x.0001_initial: + Create model Author, + Create model Publisher, + Add field publisher_id to author"],
        "and no dependency on itself"
    );
    // A third that only looks on is not touched, and a key in the circle is made without its reference.
    let mut keyed = model("x.Keyed", &[]);
    keyed.1.fields[0].auto_increment = false;
    keyed.1.fields[0].references = to("", "x.Other").references;
    let other = model("x.Other", &[to("keyed_id", "x.Keyed")]);
    let mut both_keyed = other.clone();
    both_keyed.1.fields = keyed.1.fields.clone();
    both_keyed.1.fields[0].references = to("", "x.Keyed").references;
    assert_eq!(
        changes(&[], &[&keyed, &other]),
        ["x.0001_initial: + Create model Other, + Create model Keyed, + Add field keyed_id to other"]
    );
    assert_eq!(
        changes(&[], &[&keyed, &both_keyed]),
        ["x.0001_initial: + Create model Keyed, + Create model Other, ~ Alter field id on keyed"]
    );
}

#[test]
fn circular_dependency_mixed_addcreate() {
    let address = model("a.Address", &[to("country_id", "b.DeliveryCountry")]);
    let (person, package) = (model("a.Person", &[]), model("b.APackage", &[to("person_id", "a.Person")]));
    let country = model("b.DeliveryCountry", &[]);
    assert_eq!(
        changes(&[], &[&address, &person, &package, &country]),
        [
            "a.0001_initial: + Create model Person",
            "b.0001_initial <- a.0001_initial: + Create model APackage, + Create model DeliveryCountry",
            "a.0002_initial <- b.0001_initial: + Create model Address",
        ]
    );
}

#[test]
fn create_with_through_model() {
    // An ordinary entity: same and separate modules.
    let (author, publisher) = (model("testapp.Author", &[]), model("testapp.Publisher", &[]));
    let contract = |module: &str| {
        model(
            &format!("{module}.Contract"),
            &[to("author_id", "testapp.Author"), to("publisher_id", "testapp.Publisher")],
        )
    };
    let together = "testapp.0001_initial: + Create model Author, + Create model Publisher";
    assert_eq!(
        changes(&[], &[&author, &publisher, &contract("testapp")]),
        [format!("{together}, + Create model Contract")]
    );
    assert_eq!(
        changes(&[], &[&author, &publisher, &contract("contract")]),
        [together, "contract.0001_initial <- testapp.0001_initial: + Create model Contract"]
    );
}

#[test]
fn m2m_w_through_multistep_remove() {
    let (author, publisher) = (model("x.Author", &[]), model("x.Publisher", &[]));
    let contract = model("x.Contract", &[to("author_id", "x.Author"), to("publisher_id", "x.Publisher")]);
    assert_eq!(
        changes(&[&author, &publisher, &contract], &[&publisher]),
        ["x.0002_delete_contract_delete_author: - Delete model Contract, - Delete model Author"]
    );
}

/// The table that a relation without an entity gets.
fn link(label: &str, columns: [(&str, &str); 2]) -> (db::state::ModelKey, db::state::ModelState) {
    model(label, &columns.map(|(column, target)| to(column, target)))
}

#[test]
fn concrete_field_changed_to_many_to_many_and_back() {
    let publisher = model("x.Publisher", &[]);
    let (concrete, bare) = (model("x.Author", &[nullable("publishers")]), model("x.Author", &[]));
    let table = link("x.Author_publishers", [("author_id", "x.Author"), ("publisher_id", "x.Publisher")]);
    assert_eq!(
        changes(&[&concrete, &publisher], &[&bare, &publisher, &table]),
        [
            "x.0002_author_publishers_remove_author_publishers: + Create model Author_publishers, - Remove field publishers from author"
        ]
    );
    assert_eq!(
        changes(&[&bare, &publisher, &table], &[&concrete, &publisher]),
        [
            "x.0002_author_publishers_delete_author_publishers: + Add field publishers to author, - Delete model Author_publishers"
        ]
    );
}

#[test]
fn many_to_many_tables_follow_renames_unasked() {
    use db::migrations::Answer::Yes;
    let (mailing, user) = (model("x.Mailing", &[text("t")]), model("y.User", &[text("n"), nullable("m")]));
    let table = link("x.Mailing_recipients", [("mailing_id", "x.Mailing"), ("user_id", "y.User")]);
    let (campaign, person) = (model("x.Campaign", &[text("t")]), model("y.Person", &[text("n"), nullable("m")]));
    let renamed = link("x.Campaign_recipients", [("campaign_id", "x.Campaign"), ("user_id", "y.User")]);
    let (made, asked) = detected(&state(&[&mailing, &user, &table]), &state(&[&campaign, &user, &renamed]), &[Yes]);
    assert_eq!(asked, ["model x.Mailing to Campaign"]);
    assert_eq!(
        lines(&made),
        ["x.0002_rename_mailing_campaign_and_more: ~ Rename model Mailing to Campaign, \
          ~ Rename model Mailing_recipients to Campaign_recipients, \
          ~ Rename field mailing_id on campaign_recipients to campaign_id"]
    );
    let renamed = link("x.Mailing_recipients", [("mailing_id", "x.Mailing"), ("person_id", "y.Person")]);
    let (made, asked) = detected(&state(&[&mailing, &user, &table]), &state(&[&mailing, &person, &renamed]), &[Yes]);
    assert_eq!(asked, ["model y.User to Person"]);
    assert_eq!(
        lines(&made),
        [
            "x.0002_rename_user_id_mailing_recipients_person_id: \
             ~ Rename field user_id on mailing_recipients to person_id",
            "y.0002_rename_user_person: ~ Rename model User to Person",
        ]
    );
    // Another target: the pairs that there are say nothing about it.
    let group = model("y.Group", &[]);
    let other = link("x.Mailing_recipients", [("mailing_id", "x.Mailing"), ("group_id", "y.Group")]);
    let (made, asked) =
        detected(&state(&[&mailing, &user, &group, &table]), &state(&[&mailing, &user, &group, &other]), &[]);
    assert_eq!(asked, Vec::<String>::new());
    assert_eq!(
        lines(&made),
        [
            "x.0002_delete_mailing_recipients_mailing_recipients <- y.0001_initial: - Delete model Mailing_recipients, + Create model Mailing_recipients"
        ]
    );
    // Themselves.
    let table = link("x.Mailing_copies", [("from_mailing_id", "x.Mailing"), ("to_mailing_id", "x.Mailing")]);
    let renamed = link("x.Campaign_copies", [("from_campaign_id", "x.Campaign"), ("to_campaign_id", "x.Campaign")]);
    let (made, _) = detected(&state(&[&mailing, &table]), &state(&[&campaign, &renamed]), &[Yes]);
    assert_eq!(made[0].migration.operations.len(), 4, "{:?}", lines(&made));
}
