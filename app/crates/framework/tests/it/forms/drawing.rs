//! How forms are drawn, and what programs are told.

use framework::forms::Form;
use framework::http::{Client, Method};

use super::registry::sandbox;
use crate::sandbox::wait;

const PAGE: &str = "{% from 'forms/fields.html' import fields %}\n{{ fields(form) }}";

/// The lines of a page that contain the text.
fn lines<'a>(page: &'a str, text: &str) -> Vec<&'a str> {
    page.lines().map(str::trim).filter(|line| line.contains(text)).collect()
}

#[test]
fn an_empty_form_has_a_control_for_each_kind() {
    let sandbox = sandbox().file("templates/form.html", PAGE);
    wait(async {
        let page = Client::new(&sandbox.ctx()).get("/all/").await.body;
        for line in [
            r#"<input type="text" value="" id="id_full_name" name="full_name" required maxlength="20" aria-describedby="id_full_name_help">"#,
            r#"<p class="help" id="id_full_name_help">As in the passport</p>"#,
            r#"<label for="id_full_name">Full name</label>"#,
            r#"<label for="id_notes">Notes <small>optional</small></label>"#,
            r#"<textarea rows="6" id="id_notes" name="notes">"#,
            r#"<input type="number" value="18" id="id_age" name="age" required min="1" max="150">"#,
            r#"<input type="number" value="" id="id_weight" name="weight" step="any">"#,
            r#"<input type="checkbox" value="true" id="id_member" name="member">"#,
            r#"<label for="id_vegan">Vegan? <small>optional</small></label>"#,
            r#"<select id="id_vegan" name="vegan">"#,
            r#"<option value="" selected>Unknown</option>"#,
            r#"<input type="date" value="" id="id_born" name="born" required>"#,
            r#"<input type="time" value="" id="id_wakes" name="wakes" step="any">"#,
            r#"<input type="datetime-local" value="" id="id_seen_at" name="seen_at" step="any">"#,
            r#"<label for="id_city_id">City</label>"#,
            r#"<select id="id_city_id" name="city_id" required>"#,
            r#"<option value="" selected>---------</option>"#,
            r#"<option value="1">Rome &amp; Ostia</option>"#,
            r#"<input type="text" value="" id="id_boss_id" name="boss_id">"#,
        ] {
            assert_eq!(lines(&page, line), [line], "{page}");
        }
        assert!(!page.contains("alert") && !page.contains("aria-invalid"), "{page}");
    });
}

#[test]
fn a_row_is_shown_as_people_write_it() {
    let sandbox = sandbox().file("templates/form.html", PAGE);
    wait(async {
        let page = Client::new(&sandbox.ctx()).get("/filled/").await.body;
        for part in [
            r#"value="Ann &lt;b&gt;&quot;X&quot;&lt;&#x2f;b&gt;" id="id_full_name""#,
            "name=\"notes\">\n\none\ntwo</textarea>",
            r#"value="30" id="id_age""#,
            r#"value="61.5" id="id_weight""#,
            r#"<input type="checkbox" value="true" checked id="id_member""#,
            r#"<option value="false" selected>No</option>"#,
            r#"value="1996-02-29" id="id_born""#,
            r#"value="06:30:15" id="id_wakes""#,
            r#"value="2026-07-01T14:00" id="id_seen_at""#,
            "name=\"extra\">\n{\n  &quot;a&quot;: [\n    1\n  ]\n}</textarea>",
            r#"<option value="22" selected>Oslo</option>"#,
            r#"value="7" id="id_boss_id""#,
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("---------"), "what is required and chosen is not taken back: {page}");
    });
}

#[test]
fn all_errors_are_shown_at_once_and_values_are_kept() {
    let sandbox = sandbox().file("templates/form.html", PAGE);
    wait(async {
        let client = Client::new(&sandbox.ctx());
        let sent =
            [("full_name", " <x>"), ("age", "old"), ("weight", "heavy"), ("member", "true"), ("seen_at", "soon")];
        let response = client.post("/all/", &sent).await;
        assert_eq!(response.status, 200);
        let page = response.body;
        for line in [
            r#"<div class="alert" role="alert">"#,
            "<p>Please correct the errors below.</p>",
            r##"<li><a href="#id_age">Age</a>: Enter a whole number.</li>"##,
            r##"<li><a href="#id_city_id">City</a>: This field is required.</li>"##,
            r#"<input type="text" value=" &lt;x&gt;" id="id_full_name" name="full_name" required maxlength="20" aria-describedby="id_full_name_help">"#,
            r#"<input type="number" value="old" id="id_age" name="age" required min="1" max="150" aria-describedby="id_age_error" aria-invalid="true">"#,
            r#"<p class="error" id="id_age_error">Enter a whole number.</p>"#,
            r#"<input type="checkbox" value="true" checked id="id_member" name="member">"#,
            r#"<p class="error" id="id_born_error">This field is required.</p>"#,
            r#"<p class="error" id="id_seen_at_error">Enter a valid date&#x2f;time.</p>"#,
        ] {
            assert_eq!(lines(&page, line), [line], "{page}");
        }
        assert_eq!(page.matches("aria-invalid").count(), 5, "{page}");
    });
}

#[test]
fn errors_of_the_form_as_a_whole_stand_first() {
    let sandbox = sandbox().file("templates/form.html", PAGE);
    wait(async {
        let client = Client::new(&sandbox.ctx());
        let sent = [("full_name", "Nobody"), ("age", "30"), ("born", "1996-02-29"), ("city_id", "1")];
        let page = client.post("/all/", &sent).await.body;
        let alert = "<div class=\"alert\" role=\"alert\">\n  <p>This form is for people.</p>\n  <p>Please correct the error below.</p>";
        assert!(page.contains(alert), "{page}");
        assert!(page.contains("aria-describedby=\"id_full_name_help id_full_name_error\""), "{page}");
        let response = client.post("/all/", &[("full_name", "Ann"), sent[1], sent[2], sent[3]]).await;
        assert_eq!(response.body, "Ann, 30 None None false None 1996-02-29 None None None 1 None");
    });
}

#[test]
fn fields_can_be_drawn_one_by_one() {
    let text = "{% from 'forms/fields.html' import errors, field %}[{{ errors(form) }}]{{ field(form, 'born') }}";
    let sandbox = sandbox().file("templates/form.html", text);
    wait(async {
        let page = Client::new(&sandbox.ctx()).get("/all/").await.body;
        assert!(page.starts_with("[") && page.contains("id_born") && !page.contains("id_age"), "{page}");
    });
}

#[test]
fn programs_are_told_all_errors_by_field() {
    let sandbox = sandbox();
    wait(async {
        let client = Client::new(&sandbox.ctx());
        let body = r#"{"full_name": "Nobody", "age": 0, "member": false, "born": "1996-02-29", "city_id": 3}"#;
        let response = client.send_json(Method::POST, "/api/", body).await;
        assert_eq!(response.status, 422);
        let error = response.json()["error"].take();
        assert_eq!(error["message"], "what was sent is not valid");
        let expected = r#"{"form":["This form is for people."],"fields":{"full_name":["Nobody is not somebody."],"age":["Ensure this value is greater than or equal to 1."],"city_id":["Select a valid choice. That choice is not one of the available choices."]}}"#;
        assert_eq!(error["errors"].to_string(), expected);
        // Whatever is accepted, programs read what is at this path.
        let refused = client.send(Method::GET, "/api/", &[("accept", "text/html")], "").await;
        assert_eq!((refused.status.as_u16(), refused.header("content-type")), (405, Some("application/json")));
    });
}

#[test]
fn a_form_that_cannot_be_shown_is_our_fault_and_one_that_is_wrong_is_theirs() {
    let sandbox = sandbox();
    assert_eq!(Form::filled(&sandbox.ctx(), &"text").err().map(|error| error.status().as_u16()), Some(500));
    let error = Form::empty(&sandbox.ctx()).invalid();
    assert_eq!((error.status().as_u16(), error.to_string().as_str()), (422, "what was sent is not valid"));
}
