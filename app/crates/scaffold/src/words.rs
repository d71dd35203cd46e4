//! A name as people read it: `blog_post` is a blog post, and one of several blog posts.

/// `blog_post` → `blog post`.
pub(crate) fn spaced(snake: &str) -> String {
    snake.replace('_', " ")
}

/// `blog post` → `Blog post`.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// `blog post` → `blog posts`, by the rules that hold for most English words.
pub(crate) fn plural(one: &str) -> String {
    let before_y = one.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if ["s", "x", "z", "ch", "sh"].iter().any(|end| one.ends_with(end)) => format!("{one}es"),
        None => format!("{one}s"),
    }
}

/// `entry` → `an entry`, by its first letter.
pub(crate) fn with_article(one: &str) -> String {
    if one.starts_with(['a', 'e', 'i', 'o']) { format!("an {one}") } else { format!("a {one}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_in_every_way() {
        assert_eq!(capitalised(&spaced("blog_post")), "Blog post");
        let plurals = ["post", "category", "day", "box", "address", "branch"].map(plural);
        assert_eq!(plurals, ["posts", "categories", "days", "boxes", "addresses", "branches"]);
        assert_eq!(["entry", "role", "user"].map(with_article), ["an entry", "a role", "a user"]);
    }
}
