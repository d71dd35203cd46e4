//! What the fields of an account may hold, with Django's texts.

/// How many characters an email may have.
pub const EMAIL_LENGTH: usize = 254;

/// How many characters a username may have.
pub const USERNAME_LENGTH: usize = 150;

/// The email with its domain in lower case: two spellings of a domain are the same address.
pub fn normalized_email(email: &str) -> String {
    let email = email.trim();
    match email.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

/// What is wrong with an email; nothing when it can be used.
pub fn email_faults(email: &str) -> Vec<String> {
    if email.is_empty() {
        return vec!["This field cannot be blank.".to_owned()];
    }
    let wrong = (!is_email(email)).then(|| "Enter a valid email address.".to_owned());
    wrong.into_iter().chain(too_long(email, EMAIL_LENGTH)).collect()
}

/// What is wrong with a username; nothing when it can be used.
pub fn username_faults(username: &str) -> Vec<String> {
    if username.is_empty() {
        return vec!["This field cannot be blank.".to_owned()];
    }
    let allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '@' | '+' | '-');
    let wrong = (!username.chars().all(allowed)).then(|| {
        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.".to_owned()
    });
    wrong.into_iter().chain(too_long(username, USERNAME_LENGTH)).collect()
}

fn too_long(value: &str, limit: usize) -> Option<String> {
    let length = value.chars().count();
    (length > limit).then(|| format!("Ensure this value has at most {limit} characters (it has {length})."))
}

/// A local part of atoms joined with dots, and a domain of labels with a dot in it, or `localhost`.
fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{}|~-".contains(&byte))
    };
    let label = |label: &str| {
        let inside = |letter: char| letter.is_alphanumeric() || letter == '-';
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(inside)
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    let named = domain.contains('.') && top.chars().count() >= 2 && !top.bytes().all(|byte| byte.is_ascii_digit());
    local.split('.').all(atom) && domain.split('.').all(label) && (named || domain == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_checked() {
        for email in ["joe@example.com", "a.b+c@sub.example.co.uk", "joe@localhost", "я@example.com", "x@пример.рф"]
        {
            let expected: &[&str] = if email.starts_with('я') { &["Enter a valid email address."] } else { &[] };
            assert_eq!(email_faults(email), expected, "{email}");
        }
        for email in [
            "joe",
            "joe@",
            "@example.com",
            "joe@example",
            "joe@-a.com",
            "a b@example.com",
            "a@b@",
            "joe@1.2.3.4",
            "a..b@x.com",
        ] {
            assert_eq!(email_faults(email), ["Enter a valid email address."], "{email}");
        }
        assert_eq!(email_faults(""), ["This field cannot be blank."]);
        let long = format!("{}@example.com", "x".repeat(250));
        assert_eq!(email_faults(&long), ["Ensure this value has at most 254 characters (it has 262)."]);
        assert_eq!(normalized_email(" Joe@EXAMPLE.Com"), "Joe@example.com");
    }

    #[test]
    fn usernames_are_checked() {
        assert_eq!(username_faults("joe.smith+1@example-x_y"), [""; 0]);
        assert_eq!(username_faults("жанна"), [""; 0]);
        let wrong = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
        assert_eq!(username_faults("joe smith"), [wrong]);
        assert_eq!(username_faults("x\n"), [wrong]);
        let long = "Ensure this value has at most 150 characters (it has 151).";
        assert_eq!(username_faults(&"x".repeat(151)), [long]);
        assert_eq!(username_faults(&" ".repeat(151)), [wrong, long]);
    }
}
